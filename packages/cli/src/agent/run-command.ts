import { createLogger, type LogLevel, startAgent } from '@porchlight/agent';
import type { Command } from 'commander';
import { twinned } from '../environment-twins.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** `porchlight agent run` */
export function runCommand(): Command {
  return agentSubcommand('run', 'Keep the link to the relay, until it is stopped.')
    .addOption(
      twinned('--log-level <level>', 'least important lines to write', 'PORCHLIGHT_LOG_LEVEL')
        .choices(LEVELS)
        .default('info'),
    )
    .action(async (options: AgentFlags & { logLevel: LogLevel }) => {
      const stop = stopSignal();
      const agent = await startAgent({
        dataFolder: dataFolderOf(options),
        environment: process.env,
        logger: createLogger(options.logLevel),
      });
      await aborted(stop);
      await agent.close();
    });
}
