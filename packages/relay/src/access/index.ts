export type { AccessTokenRecord, AccessTokenStore } from './access-token-store.ts';
export { AccessTokens } from './access-tokens.ts';
export { type Action, authorise, authoriseInGeneral, sessionOf } from './authorise.ts';
export { BasicPasswords, parseBasic } from './basic-passwords.ts';
export { bearerChallenge } from './bearer-challenge.ts';
export { consoleSecret, hasConsoleCookie, setConsoleCookie } from './console-cookie.ts';
export {
  createGrant,
  type Grant,
  type GrantRecord,
  grantText,
  parseGrantText,
  reaches,
} from './grant.ts';
export { type AppTokens, bearerToken, Identities } from './identities.ts';
export {
  ANONYMOUS,
  grantOf,
  type Identity,
  type Person,
  type SessionIdentity,
  type ShareVisitor,
  type Visitor,
} from './identity.ts';
export { authoriseVisit, scopeOfVisit, type Visit } from './visit.ts';
