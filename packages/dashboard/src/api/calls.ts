import type {
  AccessToken,
  Account,
  AccountChange,
  Allowance,
  App,
  AppChange,
  AppGrant,
  AppPassword,
  AuditEntry,
  ConsentAnswer,
  ConsentRequest,
  Device,
  DeviceChange,
  EmoncmsData,
  EmoncmsFeeds,
  EmoncmsInputs,
  EmoncmsMeta,
  EnrolledDevice,
  EnrolmentToken,
  Forward,
  ForwardOptions,
  Health,
  JoinRequest,
  LanAllowance,
  LanDevices,
  LanInputs,
  LanRequest,
  LinkButtonRequest,
  MadeAccessToken,
  MadeApp,
  MadeAppPassword,
  MadeAppSecret,
  MadeEnrolmentToken,
  MadeMqttCredential,
  MadeShare,
  Me,
  MqttConnection,
  MqttCredential,
  NewAccessToken,
  NewAccount,
  NewApp,
  NewAppPassword,
  NewDevice,
  NewEnrolmentToken,
  NewForward,
  NewMqttCredential,
  NewPathRoute,
  NewShare,
  NewSshKey,
  PathCheck,
  PathRoute,
  PathWish,
  ProbeResult,
  Readings,
  Service,
  ServiceChange,
  Session,
  Setup,
  Share,
  SshKey,
} from '@porchlight/protocol/api';
import { request } from './request.ts';

/** One page of a listing; pass `next` as `cursor` for the following one. */
export interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

export interface AuditFilter {
  readonly action?: string;
  readonly actor?: string;
  readonly deviceId?: string;
  readonly since?: number;
}

const part = encodeURIComponent;
const emoncms = (id: string, service: string) => `/api/devices/${part(id)}/services/${part(service)}/emoncms`;

/** Every call that the console makes, one a route. Each throws {@link ApiError}. */
export const api = {
  setupState: (signal: AbortSignal) => request<{ open: boolean }>('GET', '/api/setup', { signal }),
  setup: (body: Setup) => request<unknown>('POST', '/api/setup', { body }),
  signIn: (body: { name: string; password: string }) => request<unknown>('POST', '/api/sign-in', { body }),
  signInByLink: (token: string) => request<unknown>('POST', '/api/sign-in/link', { body: { token } }),
  signOut: () => request<unknown>('POST', '/api/sign-out', { body: {} }),

  me: (signal: AbortSignal) => request<Me>('GET', '/api/me', { signal }),
  changePassword: (body: { current: string; next: string }) =>
    request<unknown>('POST', '/api/me/password', { body }),
  sessions: (signal: AbortSignal) => request<Page<Session>>('GET', '/api/me/sessions', { signal }),
  endSession: (id: string) => request<unknown>('DELETE', `/api/me/sessions/${part(id)}`),
  endOtherSessions: () => request<unknown>('POST', '/api/me/sessions/end-others', { body: {} }),
  accessTokens: (signal: AbortSignal) =>
    request<Page<AccessToken>>('GET', '/api/me/access-tokens', { signal }),
  makeAccessToken: (body: NewAccessToken) =>
    request<MadeAccessToken>('POST', '/api/me/access-tokens', { body }),
  apps: (signal: AbortSignal) => request<Page<App>>('GET', '/api/me/apps', { signal }),
  makeApp: (body: NewApp) => request<MadeApp>('POST', '/api/me/apps', { body }),
  changeApp: (id: string, body: AppChange) => request<App>('PATCH', `/api/me/apps/${part(id)}`, { body }),
  removeApp: (id: string) => request<unknown>('DELETE', `/api/me/apps/${part(id)}`),
  makeAppSecret: (id: string) =>
    request<MadeAppSecret>('POST', `/api/me/apps/${part(id)}/secrets`, { body: {} }),
  removeAppSecret: (id: string, secret: string) =>
    request<unknown>('DELETE', `/api/me/apps/${part(id)}/secrets/${part(secret)}`),
  appGrants: (signal: AbortSignal) => request<Page<AppGrant>>('GET', '/api/me/app-grants', { signal }),
  endAppGrant: (id: string) => request<unknown>('DELETE', `/api/me/app-grants/${part(id)}`),
  consent: (id: string, signal: AbortSignal) =>
    request<ConsentRequest>('GET', `/api/me/consents/${part(id)}`, { signal }),
  answerConsent: (id: string, body: ConsentAnswer) =>
    request<{ location: string }>('POST', `/api/me/consents/${part(id)}`, { body }),
  linkButtons: (signal: AbortSignal) =>
    request<Page<LinkButtonRequest>>('GET', '/api/me/link-buttons', { signal }),
  answerLinkButton: (id: string, answer: 'allow' | 'deny') =>
    request<void>('POST', `/api/me/link-buttons/${part(id)}/${answer}`),
  deviceCode: (code: string, signal: AbortSignal) =>
    request<ConsentRequest>('GET', `/api/me/device-codes/${part(code)}`, { signal }),
  answerDeviceCode: (code: string, body: ConsentAnswer) =>
    request<unknown>('POST', `/api/me/device-codes/${part(code)}`, { body }),
  sshKeys: (signal: AbortSignal) => request<Page<SshKey>>('GET', '/api/me/ssh-keys', { signal }),
  addSshKey: (body: NewSshKey) => request<SshKey>('POST', '/api/me/ssh-keys', { body }),
  appPasswords: (signal: AbortSignal) =>
    request<Page<AppPassword>>('GET', '/api/me/app-passwords', { signal }),
  makeAppPassword: (body: NewAppPassword) =>
    request<MadeAppPassword>('POST', '/api/me/app-passwords', { body }),
  revokeAppPassword: (id: string) => request<unknown>('DELETE', `/api/me/app-passwords/${part(id)}`),
  mqttConnections: (query: { limit: number; device?: string | undefined }, signal: AbortSignal) =>
    request<Page<MqttConnection>>('GET', '/api/mqtt-connections', { query, signal }),
  endMqttConnection: (id: string) => request<unknown>('DELETE', `/api/mqtt-connections/${part(id)}`),
  mqttCredentials: (deviceId: string, signal: AbortSignal) =>
    request<Page<MqttCredential>>('GET', `/api/devices/${part(deviceId)}/mqtt-credentials`, { signal }),
  makeMqttCredential: (deviceId: string, body: NewMqttCredential) =>
    request<MadeMqttCredential>('POST', `/api/devices/${part(deviceId)}/mqtt-credentials`, { body }),
  revokeMqttCredential: (deviceId: string, id: string) =>
    request<unknown>('DELETE', `/api/devices/${part(deviceId)}/mqtt-credentials/${part(id)}`),
  removeSshKey: (id: string) => request<unknown>('DELETE', `/api/me/ssh-keys/${part(id)}`),
  shares: (deviceId: string, signal: AbortSignal) =>
    request<Page<Share>>('GET', `/api/devices/${part(deviceId)}/shares`, { signal }),
  makeShare: (deviceId: string, service: string, body: NewShare) =>
    request<MadeShare>('POST', `/api/devices/${part(deviceId)}/services/${part(service)}/shares`, { body }),
  revokeShare: (id: string) => request<unknown>('DELETE', `/api/shares/${part(id)}`),
  revokeAccessToken: (id: string) => request<unknown>('DELETE', `/api/me/access-tokens/${part(id)}`),

  accounts: (cursor: string, signal: AbortSignal) =>
    request<Page<Account>>('GET', '/api/accounts', { query: { cursor }, signal }),
  makeAccount: (body: NewAccount) => request<Account>('POST', '/api/accounts', { body }),
  changeAccount: (id: string, body: AccountChange) =>
    request<unknown>('PATCH', `/api/accounts/${part(id)}`, { body }),
  removeAccount: (id: string) => request<unknown>('DELETE', `/api/accounts/${part(id)}`),

  devices: (query: { search?: string; tag?: string; cursor?: string; limit?: number }, signal: AbortSignal) =>
    request<Page<Device>>('GET', '/api/devices', { query: { limit: 50, ...query }, signal }),
  device: (id: string, signal: AbortSignal) => request<Device>('GET', `/api/devices/${part(id)}`, { signal }),
  changeDevice: (id: string, body: DeviceChange) =>
    request<Device>('PATCH', `/api/devices/${part(id)}`, { body }),
  enrolDevice: (body: NewDevice) => request<EnrolledDevice>('POST', '/api/devices', { body }),
  kick: (id: string) => request<unknown>('POST', `/api/devices/${part(id)}/kick`, { body: {} }),
  removeDevice: (id: string) => request<unknown>('DELETE', `/api/devices/${part(id)}`),
  health: (id: string, span: '24h' | '30d', signal: AbortSignal) =>
    request<Health>('GET', `/api/devices/${part(id)}/health`, { query: { span }, signal }),
  readings: (id: string, span: '24h' | '30d', signal: AbortSignal) =>
    request<Readings>('GET', `/api/devices/${part(id)}/readings`, { query: { span }, signal }),
  changeService: (id: string, service: string, body: ServiceChange) =>
    request<Service>('PATCH', `/api/devices/${part(id)}/services/${part(service)}`, { body }),
  removeService: (id: string, service: string) =>
    request<unknown>('DELETE', `/api/devices/${part(id)}/services/${part(service)}`),
  setUser: (id: string, service: string, name: string, password: string) =>
    request<Service>('PUT', `/api/devices/${part(id)}/services/${part(service)}/users/${part(name)}`, {
      body: { password },
    }),
  removeUser: (id: string, service: string, name: string) =>
    request<Service>('DELETE', `/api/devices/${part(id)}/services/${part(service)}/users/${part(name)}`),
  addPath: (id: string, body: NewPathRoute) =>
    request<PathRoute>('POST', `/api/devices/${part(id)}/paths`, { body }),
  changePath: (id: string, strip: boolean) =>
    request<PathRoute>('PATCH', `/api/paths/${part(id)}`, { body: { strip } }),
  removePath: (id: string) => request<unknown>('DELETE', `/api/paths/${part(id)}`),
  checkPath: (id: string) => request<PathCheck>('POST', `/api/paths/${part(id)}/check`, { body: {} }),
  checkWish: (id: string, service: string, body: PathWish) =>
    request<PathCheck>('POST', `/api/devices/${part(id)}/services/${part(service)}/check`, { body }),
  probe: (id: string, service: string) =>
    request<ProbeResult>('POST', `/api/devices/${part(id)}/services/${part(service)}/probe`, { body: {} }),
  emoncmsFeeds: (id: string, service: string, signal: AbortSignal) =>
    request<EmoncmsFeeds>('GET', `${emoncms(id, service)}/feeds`, { signal }),
  emoncmsInputs: (id: string, service: string, signal: AbortSignal) =>
    request<EmoncmsInputs>('GET', `${emoncms(id, service)}/inputs`, { signal }),
  emoncmsMeta: (id: string, service: string, feed: number) =>
    request<EmoncmsMeta>('GET', `${emoncms(id, service)}/feeds/${feed}`),
  emoncmsData: (
    id: string,
    service: string,
    feed: number,
    query: { start: number; end: number; interval: number },
    signal: AbortSignal,
  ) => request<EmoncmsData>('GET', `${emoncms(id, service)}/feeds/${feed}/data`, { query, signal }),
  forwards: (signal: AbortSignal) => request<Page<Forward>>('GET', '/api/forwards', { signal }),
  forwardOptions: (signal: AbortSignal) =>
    request<ForwardOptions>('GET', '/api/forwards/options', { signal }),
  openForward: (id: string, body: NewForward) =>
    request<Forward>('POST', `/api/devices/${part(id)}/forwards`, { body }),
  closeForward: (id: string) => request<unknown>('DELETE', `/api/forwards/${part(id)}`),

  joinRequests: (code: string | undefined, signal?: AbortSignal) =>
    request<Page<JoinRequest>>('GET', '/api/join-requests', {
      query: { code },
      ...(signal ? { signal } : {}),
    }),
  allow: (id: string, body: Allowance) =>
    request<Device>('POST', `/api/join-requests/${part(id)}/allow`, { body }),
  deny: (id: string, code: string) =>
    request<unknown>('POST', `/api/join-requests/${part(id)}/deny`, { body: { code } }),
  lanRequests: (signal: AbortSignal) => request<Page<LanRequest>>('GET', '/api/lan-requests', { signal }),
  lanInputs: (id: string, signal: AbortSignal) =>
    request<LanInputs>('GET', `/api/devices/${part(id)}/lan-inputs`, { signal }),
  lanDevices: (id: string, signal: AbortSignal) =>
    request<LanDevices>('GET', `/api/devices/${part(id)}/lan-devices`, { signal }),
  allowLan: (id: string, requestId: string, body: LanAllowance) =>
    request<unknown>('POST', `/api/devices/${part(id)}/lan-requests/${part(requestId)}/allow`, { body }),
  denyLan: (id: string, requestId: string, code: string | undefined) =>
    request<unknown>('POST', `/api/devices/${part(id)}/lan-requests/${part(requestId)}/deny`, {
      body: code === undefined ? {} : { code },
    }),
  enrolmentTokens: (signal: AbortSignal) =>
    request<Page<EnrolmentToken>>('GET', '/api/enrolment-tokens', { signal }),
  makeEnrolmentToken: (body: NewEnrolmentToken) =>
    request<MadeEnrolmentToken>('POST', '/api/enrolment-tokens', { body }),
  revokeEnrolmentToken: (id: string) => request<unknown>('DELETE', `/api/enrolment-tokens/${part(id)}`),

  audit: (query: AuditFilter & { cursor?: string; limit?: number }, signal: AbortSignal) =>
    request<Page<AuditEntry>>('GET', '/api/audit', { query: { limit: 50, ...query }, signal }),
};
