import { AgentConfigFile } from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { print } from '../terminal/index.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';
import { askAgentIfAny } from './running-agent.ts';

/** `porchlight agent unexpose NAME` */
export function unexposeCommand(): Command {
  return agentSubcommand('unexpose', 'Stop letting people reach a service.')
    .argument('<name>')
    .action(async (name: string, options: AgentFlags) => {
      const dataFolder = dataFolderOf(options);
      if (!(await new AgentConfigFile(dataFolder).unexpose(name))) {
        throw new CommandError(`there is no service "${name}"`, {
          hint: 'porchlight agent expose lists them',
        });
      }
      await askAgentIfAny(dataFolder, 'reload');
      print(`${name} is not exposed any more`);
    });
}
