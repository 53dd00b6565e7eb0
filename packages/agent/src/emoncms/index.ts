export {
  type Access,
  type AccessList,
  DEFAULT_ACCESS_LIST,
  parseAccessName,
} from './access-list.ts';
export {
  type EmoncmsSetup,
  type InstalledEmoncms,
  installAccessList,
  installedAccessList,
} from './install.ts';
export type { WrittenAccessList } from './policy-section.ts';
export { keyOf, type RemoteAccess, readRemoteAccess } from './remote-access-file.ts';
