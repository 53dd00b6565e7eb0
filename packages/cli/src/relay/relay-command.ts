import { join } from 'node:path';
import {
  backupSqlite,
  builtFiles,
  loadConfig,
  type RelayConfig,
  refuseForPostgres,
  relayOptions,
  restoreSqlite,
  startRelay,
  VERSION,
} from '@porchlight/relay';
import { Command } from 'commander';
import { aborted, print, stopSignal } from '../output.ts';
import { userCommand } from './user-command.ts';

/** `porchlight relay …` */
export function relayCommand(): Command {
  const relay = new Command('relay').description(
    'Run the relay: the server on the internet that devices dial out to.',
  );
  addRelayOptions(relay);
  // "relay" and its subcommands have the same flags: those behind a subcommand's name are the subcommand's.
  relay.enablePositionalOptions();
  relay.action(async (options: Record<string, unknown>) => {
    await runRelay(configOf(options));
  });
  relay.addCommand(userCommand());
  relay.addCommand(
    addRelayOptions(new Command('backup').description('Copy the database while the relay runs.'))
      .argument('<file>', 'where to; must not exist')
      .action(async (file: string, options: Record<string, unknown>) => {
        const { config } = configOf(options);
        if (config.database !== undefined) throw refuseForPostgres();
        await backupSqlite(databaseFile(config), file);
        print(`backed up to ${file}`);
      }),
  );
  relay.addCommand(
    addRelayOptions(
      new Command('restore').description('Put a backup in place of the database; the relay must be stopped.'),
    )
      .argument('<file>', 'a backup made by "porchlight relay backup"')
      .option('--force', 'replace the database that is there')
      .action(async (file: string, { force, ...options }: Record<string, unknown>) => {
        const { config } = configOf(options);
        if (config.database !== undefined) throw refuseForPostgres();
        await restoreSqlite(file, databaseFile(config), { force: force === true });
        print(`restored from ${file}`);
      }),
  );
  return relay;
}

/** Adds the relay's configuration flags to a command. */
export function addRelayOptions(command: Command): Command {
  for (const { flags, description } of relayOptions) command.option(flags, description);
  return command;
}

export function configOf(options: Record<string, unknown>): {
  config: RelayConfig;
  warnings: readonly string[];
} {
  return loadConfig({ options: options as Record<string, string>, env: process.env });
}

export function databaseFile(config: RelayConfig): string {
  return join(config.data, 'porchlight.db');
}

async function runRelay({
  config,
  warnings,
}: {
  config: RelayConfig;
  warnings: readonly string[];
}): Promise<void> {
  process.umask(0o077);
  const stop = stopSignal();
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const relay = await startRelay({ config, ...builtFiles() });
  const setupUrl = await relay.setupUrl();
  if (setupUrl !== undefined && config.log.format === 'text') {
    print(`\nPorchlight ${VERSION} is ready. Make the first account here, once:\n\n  ${setupUrl}\n`);
  } else if (setupUrl !== undefined) {
    print(JSON.stringify({ event: 'set-up link', url: setupUrl }));
  }
  await aborted(stop);
  await relay.close();
}
