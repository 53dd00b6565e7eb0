export { type ErrorCode, PorchlightError } from '@porchlight/protocol';
export type {
  AccessToken,
  AuditEntry,
  Device,
  DeviceChange,
  EnrolmentToken,
  Forward,
  Health,
  JoinRequest,
  LanDevice,
  LanRequest,
  LiveEvent,
  Me,
  NewForward,
  Readings,
  Service,
  ServiceChange,
} from '@porchlight/protocol/api';
export * from './api/index.ts';
export {
  Client,
  type ClientOptions,
  RemoteDevice,
  RemoteService,
  type SocketOptions,
} from './device/index.ts';
export type { Route } from './lan/index.ts';
export {
  below,
  errorList,
  type RequestOptions,
  type Resource,
  ResourceError,
  type ResourceOptions,
  type ResourceProblem,
  resource,
} from './resource/index.ts';
export {
  beginCodeFlow,
  type CodeFlow,
  DEFAULT_SCOPE,
  type DeviceCode,
  type DeviceFlowOptions,
  findOAuthServer,
  type OAuthServer,
  PORCHLIGHT_CLIENT_ID,
  resumeCodeFlow,
  revokeTokens,
  type SignInOptions,
  signInWithCode,
} from './sign-in/index.ts';
export type { ConnectOptions, OpenLanTcp, TcpConnection, TcpTarget, Tunnel } from './tcp/index.ts';
export {
  memoryStore,
  OAuthTokens,
  type OAuthTokensOptions,
  type StoredTokens,
  staticToken,
  type TokenSource,
  type TokenStore,
} from './tokens/index.ts';
