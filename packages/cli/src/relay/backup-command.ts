import { backupSqlite } from '@porchlight/relay';
import type { Command } from 'commander';
import { print } from '../terminal/index.ts';
import { databaseFileOf } from './database-file.ts';
import { recordsSubcommand } from './relay-options.ts';

/** `porchlight relay backup FILE` */
export function backupCommand(): Command {
  return recordsSubcommand('backup', 'Copy the database; the relay may go on running.')
    .argument('<file>', 'where to; must not exist')
    .action((file: string, _options: unknown, command: Command) => {
      backupSqlite(databaseFileOf(command), file);
      print(`backed up to ${file}`);
    });
}
