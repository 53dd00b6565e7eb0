import { Command } from 'commander';
import { twinned } from '../environment-twins.ts';

/** A command of a person at a relay: `--relay`, `--ca`, `--json`, `--quiet`. */
export function personCommand(name: string, description: string): Command {
  return relayCommandOf(name, description)
    .addOption(twinned('--json', 'answer in JSON, for machines', 'PORCHLIGHT_JSON'))
    .addOption(twinned('-q, --quiet', 'names only, or nothing when it went well', 'PORCHLIGHT_QUIET'));
}

/** The same for what has no answer of its own: `--relay` and `--ca` only. */
export function relayCommandOf(name: string, description: string): Command {
  const relay = 'address of the relay, or its host name; by default the one in use';
  const ca = "PEM file of the relay's own certificate authority";
  return new Command(name)
    .description(description)
    .addOption(twinned('--relay <url>', relay, 'PORCHLIGHT_RELAY'))
    .addOption(twinned('--ca <file>', ca, 'PORCHLIGHT_CA'));
}
