export { backupSqlite, refuseForPostgres, restoreSqlite } from './backup.ts';
export { type DatabaseOptions, openStores } from './database.ts';
export { StorageError } from './storage-error.ts';
export type { Stores } from './stores.ts';
