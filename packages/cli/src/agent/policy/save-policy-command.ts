import { prepareDataFolder, readTextFile, savePolicy } from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { print } from '../../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from '../data-folder.ts';
import { askAgentIfAny } from '../running-agent.ts';

const FILE_MAX = 1024 * 1024;

/** `porchlight agent policy save FILE`: exit code 1 when it has a mistake; nothing has changed then. */
export function savePolicyCommand(): Command {
  return agentSubcommand('save', 'Put a policy file in force, if it has no mistakes.')
    .argument('<file>', 'takes the place of the one that is in force')
    .action(async (file: string, options: AgentFlags) => {
      const dataFolder = dataFolderOf(options);
      const text = await read(file);
      await prepareDataFolder(dataFolder);
      await savePolicy(dataFolder, text);
      const live = (await askAgentIfAny(dataFolder, 'reload')) !== undefined;
      print(live ? 'It is in force now.' : 'It is in force when the agent runs.');
    });
}

async function read(file: string): Promise<string> {
  try {
    return (await readTextFile(file, FILE_MAX)).text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new CommandError(`${file} is not there`, { hint: 'check the name' });
    }
    throw error;
  }
}
