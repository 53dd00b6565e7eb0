import type { AuditFilter } from './calls.ts';

/** Where each answer is kept in the query cache. The first word is the subject. */
export const keys = {
  me: ['me'],
  setup: ['setup'],
  sessions: ['sessions'],
  accessTokens: ['access-tokens'],
  sshKeys: ['ssh-keys'],
  appPasswords: ['app-passwords'],
  homes: ['homes'],
  shares: (deviceId: string) => ['device', deviceId, 'shares'] as const,
  mqttCredentials: (deviceId: string) => ['device', deviceId, 'mqtt-credentials'] as const,
  allMqttConnections: ['mqtt-connections'],
  mqttConnections: (deviceId: string | undefined) => ['mqtt-connections', deviceId ?? ''] as const,
  accounts: ['accounts'],
  deviceLists: ['devices'],
  deviceList: (search: string, tag: string | undefined) => ['devices', search, tag ?? ''],
  /** Devices to choose among; a page only. */
  deviceChoices: (search: string) => ['device-choices', search] as const,
  device: (id: string) => ['device', id],
  healths: (id: string) => ['health', id],
  health: (id: string, span: string) => ['health', id, span],
  allReadings: (id: string) => ['readings', id],
  readings: (id: string, span: string) => ['readings', id, span],
  forwards: ['forwards'],
  forwardOptions: ['forward-options'],
  emoncms: (id: string, service: string) => ['emoncms', id, service],
  joinRequests: ['join-requests'],
  enrolmentTokens: ['enrolment-tokens'],
  audits: ['audit'],
  audit: (filter: AuditFilter) => ['audit', filter],
} as const;
