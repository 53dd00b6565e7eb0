import type { Command } from 'commander';
import { print } from '../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';
import { setPaused } from './set-paused.ts';

/** `porchlight agent resume` */
export function resumeCommand(): Command {
  return agentSubcommand('resume', 'Let people in again.').action(async (options: AgentFlags) => {
    await setPaused(dataFolderOf(options), false);
    print('resumed');
  });
}
