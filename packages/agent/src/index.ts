export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { type AuditEntry, type ReadAuditOptions, readAudit } from './audit/index.ts';
export {
  AgentConfigFile,
  type BaseStationSettingsText,
  ConfigError,
  chooseDataFolder,
  type Listen,
  openIdentity,
  parseListen,
  parseTarget,
  prepareDataFolder,
  readAuthority,
  readPassword,
  readTextFile,
  type Secret,
} from './config/index.ts';
export { type Device, type DeviceOptions, startDevice } from './device.ts';
export { type DoctorOptions, type Finding, runDoctor } from './doctor/index.ts';
export {
  type AccessList,
  DEFAULT_ACCESS_LIST,
  installAccessList,
  installedAccessList,
  keyOf,
  parseAccessName,
  readRemoteAccess,
} from './emoncms/index.ts';
export { type Joined, type JoinOptions, joinRelay, parseRelayUrl, tokenByPassword } from './join/index.ts';
export { ownLanAddress, signLanStatement } from './lan/index.ts';
export { hostKeyOf } from './link/index.ts';
export { linkBySsh } from './link-by-ssh.ts';
export {
  type AgentStatus,
  type BaseStationAnswer,
  type BaseStationAsk,
  type BaseStationView,
  callAgent,
  PauseSwitch,
} from './local/index.ts';
export { createLogger, type Logger, type LogLevel, silentLogger } from './log/index.ts';
export {
  type Broker,
  type BrokerFiles,
  linkViaMqtt,
  readBroker,
  tryBroker,
} from './mqtt-link/index.ts';
export { type InspectedPolicy, inspectPolicy, readPolicyText, savePolicy } from './policy/index.ts';
export { forgetPassword, readPlace, SettingsPageClosed, type SettingsPlace } from './settings-page/index.ts';
export { VERSION } from './version.ts';
