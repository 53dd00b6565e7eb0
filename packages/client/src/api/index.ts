export { AccessTokens, Audit, type AuditFilter, SshKeys } from './account.ts';
export { ApiCaller, type CallOptions, type Fetch, type RelayOptions } from './caller.ts';
export { type DeviceFilter, Devices, type Span } from './devices.ts';
export { EnrolmentTokens, JoinRequests } from './enrolment.ts';
export { Forwards } from './forwards.ts';
export type { Page, PageQuery } from './pages.ts';
export { RelayApi } from './relay-api.ts';
export { Services } from './services.ts';
export type { WatchEvent } from './watch.ts';
