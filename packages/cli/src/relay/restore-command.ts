import { dirname } from 'node:path';
import { prepareDataFolder, restoreSqlite } from '@porchlight/relay';
import type { Command } from 'commander';
import { print } from '../terminal/index.ts';
import { databaseFileOf } from './database-file.ts';
import { recordsSubcommand } from './relay-options.ts';

/** `porchlight relay restore FILE` */
export function restoreCommand(): Command {
  return recordsSubcommand('restore', 'Put a backup in place of the database; the relay must be stopped.')
    .argument('<file>', 'made by "porchlight relay backup"')
    .option('--force', 'replace the database that is there')
    .action(async (file: string, { force }: { force?: true }, command: Command) => {
      const database = databaseFileOf(command);
      // A new machine has no data folder yet.
      await prepareDataFolder(dirname(database));
      restoreSqlite(file, database, { force: force === true });
      print(`restored from ${file}`);
    });
}
