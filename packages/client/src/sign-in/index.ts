export { beginCodeFlow, type CodeFlow, DEFAULT_SCOPE, resumeCodeFlow } from './code-flow.ts';
export { type DeviceCode, type DeviceFlowOptions, signInWithCode } from './device-flow.ts';
export {
  findOAuthServer,
  type OAuthServer,
  PORCHLIGHT_CLIENT_ID,
  type SignInOptions,
} from './oauth-server.ts';
export { refreshTokens, revokeTokens } from './token-answer.ts';
