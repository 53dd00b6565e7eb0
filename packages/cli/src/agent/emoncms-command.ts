import {
  type AccessList,
  DEFAULT_ACCESS_LIST,
  installAccessList,
  installedAccessList,
  parseAccessName,
} from '@porchlight/agent';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { print, printJson, table } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';
import { askAgentIfAny } from './running-agent.ts';

interface Flags extends ListingFlags {
  readonly service: string;
}

interface State {
  readonly list: AccessList;
  readonly readOnly: boolean;
}

/** `porchlight agent emoncms …`: the access list, entry by entry. */
export function emoncmsCommand(): Command {
  const command = new Command('emoncms').description(
    'Which parts of emoncms may be asked, and with which key.',
  );
  command.addCommand(
    subcommand('list', 'Show the access list.').action(async (options: Flags) =>
      show(await current(options), options),
    ),
  );
  command.addCommand(
    subcommand('allow', 'Put a part into the list, or change its key.')
      .argument('<part>', 'CONTROLLER/ACTION, e.g. feed/list')
      .argument('<key>', 'read or write')
      .action(async (part: string, key: string, options: Flags) => {
        if (key !== 'read' && key !== 'write')
          throw wrong(`"${key}" is neither read nor write`, 'write one of them');
        const { list, readOnly } = await current(options);
        await change(options, { list: new Map([...list, [parseAccessName(part), key]]), readOnly });
      }),
  );
  command.addCommand(
    subcommand('remove', 'Take a part out of the list.')
      .argument('<part>', 'as the list shows it')
      .action(async (part: string, options: Flags) => {
        const { list, readOnly } = await current(options);
        const name = parseAccessName(part);
        if (!list.has(name)) throw wrong(`${name} is not in the list`, 'see porchlight agent emoncms list');
        await change(options, { list: new Map([...list].filter(([one]) => one !== name)), readOnly });
      }),
  );
  command.addCommand(
    subcommand('defaults', 'Bring back the list that the original client comes with.').action(
      async (options: Flags) =>
        change(options, { list: DEFAULT_ACCESS_LIST, readOnly: (await current(options)).readOnly }),
    ),
  );
  command.addCommand(
    subcommand('read-only', 'Close everything that needs the write key, or open it again.')
      .argument('<state>', 'on or off')
      .action(async (state: string, options: Flags) => {
        if (state !== 'on' && state !== 'off')
          throw wrong(`"${state}" is neither on nor off`, 'write one of them');
        await change(options, { list: (await current(options)).list, readOnly: state === 'on' });
      }),
  );
  return command;
}

function subcommand(name: string, description: string): Command {
  return listingSubcommand(name, description).option('--service <name>', 'name of the service', 'emoncms');
}

async function current(options: Flags): Promise<State> {
  const found = await installedAccessList(dataFolderOf(options), options.service);
  if (found !== undefined) return found;
  throw wrong(
    `the service ${options.service} has no access list`,
    'begin with porchlight agent expose emoncms http://localhost/emoncms --preset emoncms',
  );
}

async function change(options: Flags, { list, readOnly }: State): Promise<void> {
  const dataFolder = dataFolderOf(options);
  const keys = { readKey: undefined, writeKey: undefined };
  await installAccessList({ dataFolder, service: options.service, accessList: list, readOnly, ...keys });
  await askAgentIfAny(dataFolder, 'reload');
  show(await current(options), options);
}

function show({ list, readOnly }: State, options: Flags): void {
  const rows = [...list].map(([part, key]) => ({ part, key, open: !(readOnly && key === 'write') }));
  if (options.json === true) return printJson(rows);
  if (rows.length === 0) print('The list is empty: nothing of emoncms may be asked.');
  else
    print(
      table([['PART', 'KEY', ''], ...rows.map(({ part, key, open }) => [part, key, open ? '' : 'closed'])]),
    );
}

function wrong(message: string, hint: string): CommandError {
  return new CommandError(message, { hint, exitCode: EXIT.usage });
}
