import type {
  AccessToken,
  Account,
  App,
  AppPassword,
  EnrolmentToken,
  Grant,
  LanRequest,
  Me,
  MqttCredential,
  Session,
  Share,
  SshKey,
} from '@porchlight/protocol/api';
import type { AccessTokenRecord, GrantRecord } from '../access/index.ts';
import type { AccountRecord, SessionRecord, SshKeyRecord } from '../accounts/index.ts';
import type { BaseStation } from '../base-stations/index.ts';
import type { EnrolmentTokenRecord } from '../enrolment/index.ts';
import type { MqttCredentialRecord } from '../mqtt/index.ts';
import type { AppRecord } from '../oauth/index.ts';
import type { ShareRecord } from '../shares/index.ts';
import type { RelayFacts } from './deps.ts';

/** Records as the API shows them: field by field, so that a hash added to a record is never shown by accident. */

export function accountView({ id, name, role, createdAt }: AccountRecord): Account {
  return { id, name, role, createdAt };
}

export function meView(account: AccountRecord, relay: RelayFacts): Me {
  return {
    account: accountView(account),
    relay: {
      version: relay.version,
      domain: relay.domain,
      origin: relay.origin,
      hostKeyFingerprint: relay.hostKeyFingerprint,
      sshPort: relay.sshPort,
      mqttsPort: relay.mqttsPort,
      agentSha256: relay.agentSha256,
      localAuthority: relay.localAuthority,
      installer: relay.installer,
      paths: relay.paths,
    },
  };
}

export function sessionView(session: SessionRecord, currentId: string | undefined): Session {
  const { id, createdAt, lastSeenAt, expiresAt, address, userAgent } = session;
  return { id, current: id === currentId, createdAt, lastSeenAt, expiresAt, address, userAgent };
}

export function accessTokenView({
  id,
  name,
  createdAt,
  expiresAt,
  lastUsedAt,
  grant,
}: AccessTokenRecord): AccessToken {
  return { id, name, grant: grant && grantView(grant), createdAt, expiresAt, lastUsedAt };
}

export function shareView(record: ShareRecord): Share {
  const { id, name, deviceId, service, scope, createdAt, expiresAt, usesLeft, used, lastUsedAt } = record;
  return {
    ...{ id, name, deviceId, service, scope, createdAt, expiresAt, usesLeft, used, lastUsedAt },
    password: record.passwordHash !== undefined,
  };
}

export function grantView({ scopes, devices }: GrantRecord): Grant {
  return {
    scopes: [...scopes],
    devices: devices?.map(({ id, services }) => ({ id, services: services && [...services] })),
  };
}

export function appView({ id, name, logo, callbacks, confidential, createdAt, secrets }: AppRecord): App {
  const shown = secrets.map((one) => ({ id: one.id, createdAt: one.createdAt, lastUsedAt: one.lastUsedAt }));
  return { id, name, logo, callbacks: [...callbacks], confidential, createdAt, secrets: shown };
}

export function sshKeyView({
  id,
  name,
  fingerprint,
  publicKey,
  createdAt,
  lastUsedAt,
}: SshKeyRecord): SshKey {
  return { id, name, fingerprint, type: publicKey.split(' ')[0] ?? '', createdAt, lastUsedAt };
}

export function mqttCredentialView({
  id,
  name,
  createdAt,
  lastUsedAt,
}: MqttCredentialRecord): MqttCredential {
  return { id, name, createdAt, lastUsedAt };
}

export function appPasswordView({ deviceId, ...record }: MqttCredentialRecord): AppPassword {
  return { ...mqttCredentialView(record as MqttCredentialRecord), deviceId };
}

export function enrolmentTokenView(record: EnrolmentTokenRecord): EnrolmentToken {
  const { id, note, tags, createdAt, expiresAt, usesLeft, used } = record;
  return { id, note, tags: [...tags], createdAt, expiresAt, usesLeft, used };
}

/** Who asks a base station to be let in; none when it is offline. @param deviceName the base station's name now */
export function lanRequestsView(station: BaseStation | undefined, deviceName: string): LanRequest[] {
  if (station === undefined) return [];
  const { deviceId, remoteAllow: answerable } = station;
  return station.requests.items.map((request) => ({ ...request, deviceId, deviceName, answerable }));
}
