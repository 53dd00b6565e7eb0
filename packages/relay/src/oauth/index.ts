export type { AppGrantRecord, AppGrantStore } from './app-grant-store.ts';
export { AppGrants } from './app-grants.ts';
export type { AppRecord, AppSecretRecord, AppStore } from './app-store.ts';
export { APP_DIGEST_REALM, type App, Apps } from './apps.ts';
export { AuthorizationServer } from './authorization-server.ts';
export { BUILTIN_APPS } from './builtin-apps.ts';
export { Consents } from './consents.ts';
export type { OAuthRecord, OAuthRecordStore } from './record-store.ts';
export { SigningKeys } from './signing-keys.ts';
