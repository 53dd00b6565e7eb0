import {
  AgentConfigFile,
  ConfigError,
  createLogger,
  type Listen,
  type Logger,
  type LogLevel,
  parseListen,
  prepareDataFolder,
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

interface Flags extends AgentFlags {
  readonly baseStation?: 'on' | 'off';
  readonly logLevel: LogLevel;
  readonly settings?: Listen | 'off';
}

/** `porchlight agent run` */
export function runCommand(): Command {
  const settings =
    'where the settings page is: HOST:PORT, 0.0.0.0:8094 for the LAN, or off; by default as "agent settings listen" says, else 127.0.0.1:8094';
  return agentSubcommand('run', 'Keep the link to the relay, until it is stopped.')
    .addOption(
      twinned('--log-level <level>', 'least important lines to write', 'PORCHLIGHT_LOG_LEVEL')
        .choices(LEVELS)
        .default('info'),
    )
    .addOption(
      twinned(
        '--base-station <switch>',
        'switch the base station on or off first, as "agent base-station" does',
        'PORCHLIGHT_BASE_STATION',
      ).choices(['on', 'off']),
    )
    .addOption(twinned('--settings <address>', settings, 'PORCHLIGHT_SETTINGS').argParser(listenOf))
    .action(async (options: Flags) => {
      const stop = stopSignal();
      const program = await start(options, createLogger(options.logLevel));
      await aborted(stop);
      await program.close();
    });
}

async function start(options: Flags, logger: Logger): Promise<{ close(): Promise<void> }> {
  const common = { dataFolder: dataFolderOf(options), environment: process.env, logger };
  await prepareDataFolder(common.dataFolder);
  const file = new AgentConfigFile(common.dataFolder);
  if (options.baseStation !== undefined)
    await file.setBaseStation(options.baseStation === 'on' ? {} : undefined);
  const { settingsPage, baseStation } = await file.read();
  // A base station needs no relay, so it may begin without one.
  const withoutPage = () =>
    baseStation === undefined ? startAgent(common) : startDevice({ ...common, settingsPage: undefined });
  const asked = options.settings ?? settingsPage;
  if (asked === 'off') return withoutPage();
  try {
    return await startDevice({ ...common, settingsPage: asked ?? SETTINGS_DEFAULT });
  } catch (error) {
    // A second agent on one machine, say: its link matters more than a page that nobody asked for.
    if (asked !== undefined || !(error instanceof SettingsPageClosed)) throw error;
    logger.warn({ reason: error.message }, 'no settings page');
    return withoutPage();
  }
}

function listenOf(text: string): Listen | 'off' {
  try {
    return parseListen(text);
  } catch (error) {
    if (error instanceof ConfigError) throw new InvalidArgumentError('give HOST:PORT, or off.');
    throw error;
  }
}
