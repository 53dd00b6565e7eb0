import type {
  AccessToken,
  AppGrant,
  AuditEntry,
  Device,
  JoinRequest,
  LanRequest,
  LinkState,
  Me,
  RelayIdentity,
  Service,
  Share,
} from '@porchlight/protocol/api';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 2026-11-22 06:00 UTC, for what is shown as it is. */
const MORNING = 1_795_327_200_000;
const KEY = `SHA256:${'k'.repeat(43)}`;

/**
 * What a home has. Times lie in the middle of what people are shown: a session that takes some seconds stays the same.
 */
export function homeFixtures(now: number, port: number) {
  const ago = (ms: number): number => now - ms;
  const service = (name: string, device: string, more: Partial<Service> = {}): Service => ({
    name,
    kind: 'http',
    kindSet: false,
    access: 'login',
    basicUsers: [],
    offered: true,
    passthrough: false,
    keepLastAnswers: false,
    url: `http://${name}--${device}.localhost:${port}/`,
    paths: [],
    hueRemote: false,
    ...more,
  });
  const device = (
    id: string,
    name: string,
    link: Partial<LinkState>,
    more: Partial<Device> = {},
  ): Device => ({
    id,
    name,
    formerNames: [],
    tags: [],
    fingerprint: KEY,
    createdAt: ago(40.5 * 24 * HOUR),
    link: { up: false, paused: false, ...link },
    blocked: false,
    services: [],
    bytesIn: 1_234_567,
    bytesOut: 8_900,
    ...more,
  });
  const ssh = service('ssh', 'robot', { kind: 'tcp' });
  delete ssh.url;
  const devices = [
    device('d1', 'attic', {}),
    device(
      'd2',
      'garage',
      { since: ago(3.5 * HOUR), reason: 'silent for 29 s\u001b[2J', address: '198.51.100.7' },
      { tags: ['car'], services: [service('web', 'garage')] },
    ),
    device(
      'd3',
      'robot',
      {
        up: true,
        since: ago(2.5 * 24 * HOUR),
        transport: 'ssh',
        address: '203.0.113.9',
        agent: '0.1.0',
        rtt: 23.4,
        rttAt: ago(12_500),
      },
      {
        formerNames: ['robby'],
        tags: ['lab', 'red'],
        services: [ssh, service('web', 'robot', { lastSuccessAt: ago(5.5 * MINUTE) })],
      },
    ),
    device('d4', 'router1', {
      up: true,
      callHome: {
        ...{ intervalSeconds: 60, learned: true, bytesLastHour: 40_000, waiting: 0 },
        ...{ lastAt: ago(30_500), dueAt: now + 30_500 },
      },
    }),
  ];
  const request: JoinRequest = {
    id: 'req1',
    code: 'K7PX-R2QD-M4TW-Z8HC',
    name: 'Shed Pi',
    address: '203.0.113.20',
    fingerprint: KEY,
    software: 'agent 0.1.0',
    askedAt: ago(90_500),
    expiresAt: now + 8.5 * MINUTE,
    connected: true,
  };
  const lanRequest: LanRequest = {
    ...{ id: 'r7', way: 'porchlight', name: 'Kitchen sensor', address: '192.168.1.50', code: '764-054' },
    ...{ firstAskedAt: ago(40_500), askedAt: ago(500), times: 5, state: 'waiting' },
    ...{ deviceId: 'd1', deviceName: 'attic', answerable: true },
  };
  const entry = (
    id: number,
    more: Pick<AuditEntry, 'actor' | 'action'> & Partial<AuditEntry>,
  ): AuditEntry => ({
    ...{ id, at: MORNING + id * 1_000, detail: {} },
    ...more,
  });
  const audit = [
    entry(3, { actor: 'relay', action: 'relay.started' }),
    entry(2, {
      ...{ actor: 'device:garage', action: 'link.down', deviceId: 'd2', target: 'garage' },
      detail: { reason: 'silent for 29 s' },
    }),
    entry(1, { actor: 'alice', action: 'device.renamed', target: 'robot', address: '203.0.113.1' }),
  ];
  const share: Share = {
    ...{ id: 'share1', name: 'for Bob', deviceId: 'd3', service: 'web', scope: 'read' },
    ...{ password: true, createdAt: ago(HOUR), expiresAt: now + 1.5 * 24 * HOUR, usesLeft: 2, used: 1 },
  };
  const { fingerprint, ...keyless } = device('d5', 'shed-pi', {});
  const tokens: AccessToken[] = [
    { id: 'tok1', name: 'backup', createdAt: ago(9.5 * 24 * HOUR), lastUsedAt: ago(2.5 * HOUR) },
    {
      ...{ id: 'tok2', name: 'display', createdAt: ago(1.5 * HOUR), expiresAt: now + 29.5 * 24 * HOUR },
      grant: { scopes: ['read'], devices: [{ id: 'd3', services: ['web'] }] },
    },
  ];
  const grant: AppGrant = {
    id: 'grant1',
    app: { id: 'app1', name: 'Lamp remote', owner: 'bob' },
    scopes: ['read', 'write'],
    devices: [{ id: 'd3', name: 'robot' }],
    lasting: true,
    linkButton: false,
    createdAt: ago(3.5 * 24 * HOUR),
  };
  return {
    identity: {
      ...{ version: '0.1.0', domain: 'localhost', websocketPath: '/.well-known/porchlight/link' },
      ssh: { hostKey: 'ssh-ed25519 AAAA', fingerprint: KEY },
    } satisfies RelayIdentity,
    lists: new Map<string, readonly object[]>([
      ['GET /api/devices', devices],
      ['GET /api/join-requests', [request]],
      ['GET /api/lan-requests', [lanRequest]],
      ['GET /api/audit', audit],
      ['GET /api/shares', [share]],
      ['GET /api/me/access-tokens', tokens],
      ['GET /api/me/app-grants', [grant]],
    ]),
    answers: new Map<string, object>([
      ['GET /api/me', meOf(port)],
      [
        'POST /api/join-requests/req1/allow',
        fingerprint === undefined ? keyless : { ...keyless, fingerprint },
      ],
      ['POST /api/devices/d3/services/web/probe', { ok: true, took: 31 }],
      [
        'POST /api/devices/d3/services/ssh/probe',
        { ok: false, took: 3, error: 'nothing listens on port 22' },
      ],
      [
        'POST /api/devices/d3/services/web/shares',
        { ...share, url: `http://web--robot.localhost:${port}/.porchlight/share#plh_abc` },
      ],
    ]),
  };
}

function meOf(port: number): Me {
  return {
    account: { id: 'a1', name: 'alice', role: 'admin', createdAt: MORNING },
    relay: {
      ...{ version: '0.1.0', domain: 'localhost', origin: `http://localhost:${port}` },
      ...{ hostKeyFingerprint: KEY, localAuthority: false },
    },
  };
}
