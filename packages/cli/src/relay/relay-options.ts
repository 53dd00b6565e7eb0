import { loadConfig, type RelayConfig, relayOptions } from '@porchlight/relay';
import { Command, Option } from 'commander';

/** What `--help` shows of a command that works on the relay's records. */
const WHERE_RECORDS_ARE = new Set(['config', 'data', 'database']);

/**
 * Adds the relay's configuration flags to a command. Their environment twins are read by the configuration itself, which
 * knows secrets in files too.
 * @param shown those that `--help` shows; all when it is left out
 */
export function addRelayOptions(command: Command, shown?: ReadonlySet<string>): Command {
  for (const { flags, description, attribute, env } of relayOptions) {
    const option = new Option(flags, `${description} (env: ${env})`);
    command.addOption(option.hideHelp(shown?.has(attribute) === false));
  }
  return command;
}

/**
 * A command that works on the relay's records; the relay may be running. It takes all flags of the relay, so that one
 * command line fits both.
 */
export function recordsSubcommand(name: string, description: string): Command {
  return addRelayOptions(new Command(name).description(description), WHERE_RECORDS_ARE);
}

/** The configuration that a command line means; flags before a subcommand's name count as well. */
export function configOf(command: Command): { config: RelayConfig; warnings: readonly string[] } {
  const known = new Set(relayOptions.map(({ attribute }) => attribute));
  const given = Object.entries(command.optsWithGlobals()).filter(([attribute]) => known.has(attribute));
  return loadConfig({ options: Object.fromEntries(given), env: process.env });
}
