export { type Joined, type JoinOptions, joinRelay } from './join.ts';
export { fetchRelayIdentity } from './relay-identity.ts';
