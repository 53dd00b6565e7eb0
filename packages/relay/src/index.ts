export { builtFiles } from './built-files.ts';
export {
  ConfigError,
  loadConfig,
  type OptionDescriptor,
  prepareDataFolder,
  type RelayConfig,
  relayOptions,
} from './config/index.ts';
export { type ListedToken, openRelayData, type RelayData } from './open-relay-data.ts';
export type { ListedMqttCredential, MadeMqtt } from './open-relay-mqtt.ts';
export { type Relay, type RelayOptions, startRelay } from './relay.ts';
export { backupSqlite, openStores, refuseForPostgres, restoreSqlite, StorageError } from './storage/index.ts';
export { createLogger, type Logger, silentLogger } from './telemetry/index.ts';
export { VERSION } from './version.ts';
