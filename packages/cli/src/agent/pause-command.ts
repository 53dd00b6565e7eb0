import type { Command } from 'commander';
import { print } from '../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';
import { setPaused } from './set-paused.ts';

/** `porchlight agent pause` */
export function pauseCommand(): Command {
  return agentSubcommand('pause', 'Let nobody in until "resume", over restarts too.').action(
    async (options: AgentFlags) => {
      await setPaused(dataFolderOf(options), true);
      print('paused: nobody gets in until "porchlight agent resume"');
    },
  );
}
