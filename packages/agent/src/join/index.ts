export { tokenByPassword } from './account-token.ts';
export { type Joined, type JoinOptions, joinRelay } from './join.ts';
export { fetchRelayIdentity, parseRelayUrl } from './relay-identity.ts';
