export { allOf } from './all-of.ts';
export { notLoggedIn, relayNamed } from './choose-relay.ts';
export { openSession, type PersonFlags, type Session } from './session.ts';
export { readAuthorityFile, trust } from './trust.ts';
