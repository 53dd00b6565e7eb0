export {
  ACCESS_LIST_MAX,
  type Access,
  type AccessList,
  DEFAULT_ACCESS_LIST,
  parseAccessName,
} from './access-list.ts';
export { type EmoncmsSetup, type InstalledEmoncms, installAccessList } from './install.ts';
export { readAccessList } from './policy-section.ts';
export { keyOf, type RemoteAccess, readRemoteAccess } from './remote-access-file.ts';
