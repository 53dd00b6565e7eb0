import { AgentConfigFile, prepareDataFolder, readRemoteAccess } from '@porchlight/agent';
import type { Command } from 'commander';
import { twinned } from '../environment-twins.ts';
import { print, printJson } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';
import { installEmoncms } from './emoncms-preset.ts';
import { askAgentIfAny } from './running-agent.ts';

interface ImportFlags extends ListingFlags {
  readonly name: string;
  readonly target: string;
}

/** `porchlight agent import remoteaccess.json`: takes over a set-up of the emoncms remote-access client. */
export function importCommand(): Command {
  return listingSubcommand('import', 'Take over a set-up of the emoncms remote-access client.')
    .argument('<file>', 'its remoteaccess.json')
    .addOption(twinned('--name <service>', 'name of the service', 'PORCHLIGHT_SERVICE').default('emoncms'))
    .addOption(
      twinned('--target <target>', 'where emoncms is', 'PORCHLIGHT_TARGET').default(
        'http://localhost:80/emoncms',
      ),
    )
    .action(importSetup);
}

async function importSetup(path: string, options: ImportFlags): Promise<void> {
  const dataFolder = dataFolderOf(options);
  const { accessList, readKey, writeKey } = await readRemoteAccess(path);
  await prepareDataFolder(dataFolder);
  await installEmoncms(
    dataFolder,
    options.name,
    { json: options.json === true },
    { accessList, readKey, writeKey },
  );
  // The rules first, and in force: the service must not be open for a moment without them.
  await askAgentIfAny(dataFolder, 'reload');
  await new AgentConfigFile(dataFolder).expose(options.name, {
    target: options.target,
    insecureSkipVerify: false,
  });
  const live = (await askAgentIfAny(dataFolder, 'reload')) !== undefined;
  if (options.json === true) {
    printJson({ service: options.name, target: options.target, entries: accessList.size, live });
    return;
  }
  print(`${options.name} leads to ${options.target}, with the access list and the keys of ${path}.`);
  print(live ? 'The running agent offers it now.' : 'It is offered when the agent runs.');
}
