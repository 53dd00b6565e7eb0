import { join } from 'node:path';
import { refuseForPostgres } from '@porchlight/relay';
import type { Command } from 'commander';
import { configOf } from './relay-options.ts';

/** The SQLite file of a relay. @throws StorageError when its records are in PostgreSQL, which has tools of its own */
export function databaseFileOf(command: Command): string {
  const { config } = configOf(command);
  if (config.database !== undefined) throw refuseForPostgres();
  return join(config.data, 'porchlight.db');
}
