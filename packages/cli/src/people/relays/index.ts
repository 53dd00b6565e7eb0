export { configFolder } from './config-folder.ts';
export type { RelayLogin } from './relay-login.ts';
export { RelayLogins } from './relay-logins.ts';
