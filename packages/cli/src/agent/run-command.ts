import {
  createLogger,
  type Logger,
  type LogLevel,
  SettingsPageClosed,
  startAgent,
  startDevice,
} from '@porchlight/agent';
import { type Command, InvalidArgumentError } from 'commander';
import { twinned } from '../environment-twins.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { type AgentFlags, agentSubcommand, dataFolderOf } from './data-folder.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** On loopback, until the owner opens it. */
const SETTINGS_DEFAULT = { host: '127.0.0.1', port: 8094 };

type Listen = { readonly host: string; readonly port: number } | 'off';

interface Flags extends AgentFlags {
  readonly logLevel: LogLevel;
  readonly settings?: Listen;
}

/** `porchlight agent run` */
export function runCommand(): Command {
  const settings =
    'where the settings page is: HOST:PORT, 0.0.0.0:8094 for the LAN, or off; 127.0.0.1:8094 by default';
  return agentSubcommand('run', 'Keep the link to the relay, until it is stopped.')
    .addOption(
      twinned('--log-level <level>', 'least important lines to write', 'PORCHLIGHT_LOG_LEVEL')
        .choices(LEVELS)
        .default('info'),
    )
    .addOption(twinned('--settings <address>', settings, 'PORCHLIGHT_SETTINGS').argParser(parseListen))
    .action(async (options: Flags) => {
      const stop = stopSignal();
      const program = await start(options, createLogger(options.logLevel));
      await aborted(stop);
      await program.close();
    });
}

async function start(options: Flags, logger: Logger): Promise<{ close(): Promise<void> }> {
  const common = { dataFolder: dataFolderOf(options), environment: process.env, logger };
  if (options.settings === 'off') return startAgent(common);
  try {
    return await startDevice({ ...common, settingsPage: options.settings ?? SETTINGS_DEFAULT });
  } catch (error) {
    // A second agent on one machine, say: its link matters more than a page that nobody asked for.
    if (options.settings !== undefined || !(error instanceof SettingsPageClosed)) throw error;
    logger.warn({ reason: error.message }, 'no settings page');
    return startAgent(common);
  }
}

function parseListen(text: string): Listen {
  if (text === 'off') return 'off';
  const [, address6, name, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = address6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) throw new InvalidArgumentError('give HOST:PORT, or off.');
  return { host, port };
}
