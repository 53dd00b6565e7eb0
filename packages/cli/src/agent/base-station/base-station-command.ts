import type { BaseStationView } from '@porchlight/agent';
import { Command, InvalidArgumentError } from 'commander';
import { harmless, print, printJson, styled } from '../../terminal/index.ts';
import { type ListingFlags, listingSubcommand } from '../data-folder.ts';
import { askBaseStation } from './ask.ts';
import { showDevices, showInputs, showRequests, showStation } from './listings.ts';
import { offCommand, onCommand } from './switch-commands.ts';
import { userCommand } from './user-command.ts';

/** `porchlight agent base-station …`: the WiFi devices on the LAN, and who lets them in. */
export function baseStationCommand(): Command {
  const group = new Command('base-station').description(
    'Let the WiFi devices on the LAN in, and supply them with a broker. Needs no relay.',
  );
  group.addCommand(onCommand()).addCommand(offCommand());
  group.addCommand(listing('show', 'Show how it is.', showStation, (view) => view));
  group.addCommand(
    listing(
      'requests',
      'Show the devices that ask to be let in, and who was denied.',
      showRequests,
      (view) => ({
        requests: view.requests,
        denied: view.denied,
      }),
    ),
  );
  group.addCommand(pairCommand());
  group.addCommand(allowCommand());
  group.addCommand(simple('deny', 'Turn a device away, and whenever it asks again.', 'a request', 'denied'));
  group.addCommand(
    simple('forget', 'Let one that was denied ask again.', 'a denial, its id', 'forgotten: it may ask again'),
  );
  group.addCommand(
    listing('devices', 'Show the devices that were let in.', showDevices, (view) => view.devices),
  );
  group.addCommand(rotateCommand());
  group.addCommand(
    simple(
      'revoke',
      "Take a device's credentials back; what it has open ends at once.",
      'a device',
      'revoked: its credentials are worth nothing',
    ),
  );
  group.addCommand(
    listing(
      'inputs',
      'Show what the devices said last, and who is silent.',
      showInputs,
      (view) => view.inputs,
    ),
  );
  return group.addCommand(userCommand());
}

function listing(
  name: string,
  description: string,
  show: (view: BaseStationView) => void,
  pick: (view: BaseStationView) => unknown,
): Command {
  return listingSubcommand(name, description).action(async (options: ListingFlags) => {
    const { view } = await askBaseStation(options, { do: 'show' });
    if (options.json === true) printJson(pick(view));
    else show(view);
  });
}

function simple(
  name: 'deny' | 'forget' | 'revoke',
  description: string,
  what: string,
  done: string,
): Command {
  return listingSubcommand(name, description)
    .argument('<id>', what)
    .action(async (id: string, options: ListingFlags) => {
      await askBaseStation(options, { do: name, id });
      if (options.json === true) printJson({ id, done: name });
      else print(`${harmless(id)} is ${done}.`);
    });
}

interface PairFlags extends ListingFlags {
  readonly minutes: number;
  readonly off?: boolean;
}

function pairCommand(): Command {
  return listingSubcommand('pair', 'Tell EmonESP devices on the LAN where to ask, for a limited time.')
    .option('--minutes <minutes>', 'for so long, 240 at most', minutesOf, 10)
    .option('--off', 'no longer')
    .action(async (options: PairFlags) => {
      const minutes = options.off === true ? 0 : options.minutes;
      const { view } = await askBaseStation(options, { do: 'pair', minutes });
      if (options.json === true) return printJson(view.pairing);
      print(minutes === 0 ? 'Pairing is off.' : `Devices are told where to ask, for ${minutes} minutes.`);
    });
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= 240) return minutes;
  throw new InvalidArgumentError('give 1 to 240.');
}

interface AllowFlags extends ListingFlags {
  readonly name?: string;
}

function allowCommand(): Command {
  return listingSubcommand('allow', 'Let a device in. First compare its code with the one that it shows.')
    .argument('<id>', 'a request: its id, code or name')
    .option('--name <name>', 'what to call it; by default as it calls itself')
    .action(async (id: string, options: AllowFlags) => {
      const { name } = options;
      await askBaseStation(options, { do: 'allow', id, ...(name === undefined ? {} : { name }) });
      if (options.json === true) return printJson({ id, done: 'allow' });
      print(`${harmless(name ?? id)} is allowed, and fetches its credentials when it asks next.`);
    });
}

function rotateCommand(): Command {
  return listingSubcommand('rotate', 'Give a device another password, shown once; the old one ends at once.')
    .argument('<id>', 'a device: its id or name')
    .action(async (id: string, options: ListingFlags) => {
      const { credentials } = await askBaseStation(options, { do: 'rotate', id });
      if (options.json === true) return printJson(credentials);
      print(`User      ${credentials?.username}`);
      print(`Password  ${styled.strong(credentials?.password ?? '')}`);
      print('Enter it at the device; it is not shown again.');
    });
}
