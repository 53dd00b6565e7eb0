export { ResourceError, type ResourceProblem } from '../resource/index.ts';
export { HueAccount, type HueAccountOptions, type SignInPage } from './account.ts';
export { type Bridge, type BridgeAddress, type LocalOptions, localBridge } from './bridge.ts';
export { type CreateUserOptions, createLocalUser } from './create-user.ts';
export { remoteBridge } from './remote-bridge.ts';
export type { HueToken } from './token.ts';
