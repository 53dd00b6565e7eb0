import { readPolicyText } from '@porchlight/agent';
import type { Command } from 'commander';
import { type AgentFlags, agentSubcommand, dataFolderOf } from '../data-folder.ts';

/** `porchlight agent policy show` */
export function showPolicyCommand(): Command {
  return agentSubcommand('show', 'Print the policy as it is on this device.').action(
    async (options: AgentFlags) => {
      process.stdout.write(await readPolicyText(dataFolderOf(options)));
    },
  );
}
