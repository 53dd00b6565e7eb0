export { readAuthority } from './authority.ts';
export { ConfigError, quoted, systemErrorCode } from './config-error.ts';
export { AgentConfigFile } from './config-file.ts';
export { ConfigFollower } from './config-follower.ts';
export { chooseDataFolder, type DataFolderChoice, prepareDataFolder } from './data-folder.ts';
export { type DataFolderLock, lockDataFolder } from './data-folder-lock.ts';
export { createFile, type FileText, readTextFile, replaceFile, syncFolder } from './files.ts';
export { isForbiddenAddress } from './forbidden-address.ts';
export { type Identity, openIdentity } from './identity.ts';
export { readPassword } from './password.ts';
export type {
  AgentConfig,
  Listen,
  MqttSettings,
  RelaySettings,
  RelaySettingsText,
  ServiceSettings,
  ServiceSettingsText,
} from './schema.ts';
export {
  type BaseStationSettings,
  type BaseStationSettingsText,
  checkMqttSettings,
  parseListen,
} from './schema.ts';
export { Secret } from './secret.ts';
export { parseTarget, type Target } from './target.ts';
export { isDeadSocket, listenOnPath } from './unix-socket.ts';
