import { readPassword } from '@porchlight/agent';
import { Command, Option } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { harmless, print, printJson } from '../../terminal/index.ts';
import { type ListingFlags, listingSubcommand } from '../data-folder.ts';
import { askBaseStation } from './ask.ts';
import { showUsers } from './listings.ts';

interface AddFlags extends ListingFlags {
  readonly passwordFile: string;
  readonly access: 'read' | 'write';
}

/** `porchlight agent base-station user …`: programs on the LAN that use its broker. */
export function userCommand(): Command {
  return new Command('user')
    .description('Programs on the LAN, such as emonhub or Home Assistant, that use its broker.')
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(listCommand());
}

function addCommand(): Command {
  return listingSubcommand('add', 'Give a program a user name, or another password.')
    .argument('<name>', 'its user name')
    .addOption(
      twinned(
        '--password-file <file>',
        'with its password, of 12 characters or more',
        'PORCHLIGHT_PASSWORD_FILE',
      ).makeOptionMandatory(),
    )
    .addOption(
      new Option('--access <access>', 'whether it may say something, too')
        .choices(['read', 'write'])
        .default('read'),
    )
    .action(async (name: string, options: AddFlags) => {
      const password = (await readPassword(options.passwordFile)).reveal();
      const { access } = options;
      const { view } = await askBaseStation(options, { do: 'put-user', name, access, password });
      if (options.json === true) return printJson({ name, access });
      const how = access === 'read' ? 'hears' : 'hears and says';
      print(`${harmless(name)} ${how} everything below ${view.baseTopic}/ at ${portsOf(view.ports)}.`);
    });
}

function removeCommand(): Command {
  return listingSubcommand('remove', 'Take it away; what it has open ends at once.')
    .argument('<name>', 'its user name')
    .action(async (name: string, options: ListingFlags) => {
      await askBaseStation(options, { do: 'remove-user', name });
      if (options.json === true) return printJson({ removed: name });
      print(`${harmless(name)} is gone.`);
    });
}

function listCommand(): Command {
  return listingSubcommand('list', 'Show them.').action(async (options: ListingFlags) => {
    const { view } = await askBaseStation(options, { do: 'show' });
    if (options.json === true) printJson(view.users);
    else showUsers(view);
  });
}

function portsOf({ mqtt, mqtts }: { mqtt?: number | undefined; mqtts?: number | undefined }): string {
  const ports = [mqtt && `port ${mqtt}`, mqtts && `port ${mqtts} with TLS`].filter(Boolean);
  return ports.length === 0 ? 'no port: both are closed' : ports.join(' and ');
}
