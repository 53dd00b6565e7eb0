import { AgentConfigFile, ownLanAddress, parseListen, prepareDataFolder } from '@porchlight/agent';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { print, printJson, table } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';
import { askAgentIfAny } from './running-agent.ts';

/** On all of the device's addresses; the port is nobody else's. */
const DEFAULT = '0.0.0.0:7411';

/** `porchlight agent lan …`: the door by which programs on the LAN find this device's services directly. */
export function lanCommand(): Command {
  return new Command('lan')
    .description(
      'Let programs on the LAN find this device, and reach services that are exposed with --lan directly.',
    )
    .addCommand(onCommand())
    .addCommand(offCommand())
    .addCommand(showCommand());
}

function onCommand(): Command {
  return listingSubcommand(
    'on',
    'Open the door on the LAN: it proves that this is the device, and nothing else.',
  )
    .argument('[address]', `HOST:PORT; ${DEFAULT} without it`)
    .action(async (address: string | undefined, options: ListingFlags) => {
      const listen = address ?? DEFAULT;
      if (parseListen(listen) === 'off') {
        throw new CommandError('"off" is no address', {
          hint: 'say porchlight agent lan off',
          exitCode: EXIT.usage,
        });
      }
      await set(listen, options);
    });
}

function offCommand(): Command {
  return listingSubcommand('off', 'Close it.').action((options: ListingFlags) => set(undefined, options));
}

async function set(listen: string | undefined, options: ListingFlags): Promise<void> {
  const dataFolder = dataFolderOf(options);
  await prepareDataFolder(dataFolder);
  await new AgentConfigFile(dataFolder).setLanDoor(listen);
  const live = (await askAgentIfAny(dataFolder, 'reload')) !== undefined;
  if (options.json === true) return printJson({ lan: listen ?? 'off', live });
  const what = listen === undefined ? 'There is no door on the LAN' : `The door on the LAN is at ${listen}`;
  print(live ? `${what} now.` : `${what} when the agent runs.`);
}

function showCommand(): Command {
  return listingSubcommand('show', 'Show the door, and what is open on the LAN.').action(
    async (options: ListingFlags) => {
      const { lan = 'off', services } = await new AgentConfigFile(dataFolderOf(options)).read();
      const open = [...services].flatMap(([name, { lan: where, target }]) =>
        where === undefined ? [] : [{ name, where: where === 'auto' ? `where ${target.text} is` : where }],
      );
      const door = lan === 'off' ? 'off' : `${lan.host}:${lan.port}`;
      const address = lan === 'off' ? undefined : lan.host === '0.0.0.0' ? ownLanAddress() : lan.host;
      if (options.json === true) return printJson({ lan: door, address, services: open });
      print(door === 'off' ? 'off; open it with: porchlight agent lan on' : door);
      if (door !== 'off' && address === undefined) print('This machine has no address on a LAN.');
      if (open.length > 0)
        print(table([['SERVICE', 'ON THE LAN'], ...open.map(({ name, where }) => [name, where])]));
      else if (door !== 'off') print('No service is open there: expose one with --lan.');
    },
  );
}
