import type { LanRequest } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../secrets.ts';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, PASSWORD, type Rig } from './api-rig.ts';
import { buildApp } from './create-api.ts';

/** Routes that answer anybody. A new one has to be put here on purpose. */
const PUBLIC = new Set([
  'GET /api/openapi.json',
  'GET /api/setup',
  'GET /healthz',
  'GET /.well-known/porchlight',
  'POST /api/setup',
  'POST /api/sign-in',
  'POST /api/sign-in/link',
]);

/** Whoever is signed in and was shown the code by a program may answer it: it is nobody's before. */
const BY_CODE = /^(?:GET|POST) \/api\/me\/device-codes\//;
/** Routes for admins: they have ids of accounts, which a member is refused whatever the id. */
const ADMIN = /^(?:GET|POST|PATCH|DELETE) \/api\/accounts/;

/** A WiFi device that asks one of the base stations. */
const LAN_REQUEST: LanRequest = {
  ...{ id: 'r1', way: 'porchlight', name: 'kitchen', address: '10.0.0.9', code: '123456' },
  ...{ firstAskedAt: 1, askedAt: 2, times: 3, state: 'waiting' },
};

let stores: Stores;
let rig: Rig;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  rig = await createRig({ stores, clock: new FakeClock() });
});
afterEach(async () => {
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

/** As Fastify itself knows them. */
function routes() {
  expect(rig.routes.length).toBeGreaterThan(25);
  return rig.routes.map(({ method, url }) => ({
    method: method as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url,
    key: `${method} ${url}`,
  }));
}

test('without identity every route but the public ones gives 401', async () => {
  const open = new Set<string>();
  for (const { method, url, key } of routes()) {
    const answer = await rig.call(undefined, method, url.replace(/:\w+/g, 'abc'));
    if (answer.statusCode === 401 && !PUBLIC.has(key)) {
      expect(answer.json(), key).toMatchObject({ code: 'not_signed_in', status: 401 });
    } else {
      open.add(key);
    }
  }
  expect(open).toEqual(PUBLIC);
});

test('a cookie of no session, a wrong token and a token beside a good cookie are nobody', async () => {
  const cookie = rig.cookieOf('bob');
  for (const headers of [
    { cookie: `__Host-porchlight=${'A'.repeat(43)}` },
    { cookie: '__Host-porchlight=__proto__' },
    { authorization: `Bearer plt_${'A'.repeat(43)}` },
    { authorization: 'Bearer' },
    { authorization: 'Bearer x', cookie },
  ]) {
    expect(
      (await rig.call(undefined, 'GET', '/api/me', undefined, headers as Record<string, string>)).statusCode,
    ).toBe(401);
  }
});

test("another account's ids give 404 on every route and change nothing", async () => {
  const device = await rig.addDevice('bob', 'bobs-box');
  const own = await rig.addDevice('eve', 'eves-box');
  const forward = (
    await rig.call('bob', 'POST', `/api/devices/${device}/forwards`, { service: 'ssh' })
  ).json().id;
  const session = (await rig.call('bob', 'GET', '/api/me/sessions')).json().items[0].id;
  const accessToken = (await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'x' })).json().id;
  const publicKey = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).public;
  const sshKey = (await rig.call('bob', 'POST', '/api/me/ssh-keys', { publicKey })).json().id;
  const mqttUrl = `/api/devices/${device}/mqtt-credentials`;
  const credential = (await rig.call('bob', 'POST', mqttUrl, {})).json().id;
  const appPassword = (await rig.call('bob', 'POST', '/api/me/app-passwords', { name: 'x' })).json().id;
  const enrolmentToken = (await rig.call('bob', 'POST', '/api/enrolment-tokens', {})).json().id;
  const asked = await rig.joinRequests.ask({
    fingerprint: 'SHA256:new',
    publicKey: 'ssh-ed25519 new',
    name: 'newcomer',
    accountId: rig.idOf('bob'),
    address: '198.51.100.1',
    software: 'agent 0.1.0',
    onAnswer: () => undefined,
  });
  if (asked.kind !== 'waiting') throw new Error('the join request was refused');
  const request = (await rig.call('bob', 'GET', '/api/join-requests')).json().items[0].id;

  const madeApp = (await rig.call('bob', 'POST', '/api/me/apps', { name: 'x', confidential: true })).json();
  const [{ id: secret }] = madeApp.secrets;
  const ofApp = { url: { id: madeApp.id, secret } };
  await rig.call('bob', 'POST', `/api/me/apps/${madeApp.id}/secrets`);
  const person = { kind: 'session', accountId: rig.idOf('bob'), accountName: 'bob', role: 'member' } as const;
  const whole = { scopes: ['read'], devices: undefined, signIn: false, lasting: false } as const;
  const { id: grant } = await rig.deps.appGrants.allow(
    { ...person, sessionId: session },
    'porchlight-cli',
    whole,
    { asked: 'read', address: '192.0.2.1' },
  );
  const { Interaction } = await rig.oauth.provider();
  const waiting = Reflect.construct(Interaction, [
    'asked-of-bob',
    {
      prompt: { name: 'consent', reasons: [], details: {} },
      params: { client_id: 'porchlight-cli', asked: 'read' },
      session: { accountId: rig.idOf('bob'), uid: rig.idOf('bob'), cookie: '' },
      returnTo: 'https://relay.example/oauth/authorize/asked-of-bob',
    },
  ]) as InstanceType<typeof Interaction>;
  await waiting.save(600);
  void rig.linkButtons.ask(
    {
      ...{ accountId: rig.idOf('bob'), tokenId: grant, app: 'x', service: 'web', address: '192.0.2.1' },
      device: { id: device, name: 'shed' },
    },
    new AbortController().signal,
  );
  const linkButton = rig.linkButtons.list(rig.idOf('bob'))[0]?.id ?? '';

  const path = (
    await rig.call('bob', 'POST', `/api/devices/${device}/paths`, { service: 'web', prefix: '/bobs' })
  ).json().id;
  const shareUrl = `/api/devices/${device}/services/web/shares`;
  const share = (await rig.call('bob', 'POST', shareUrl, { name: 'x' })).json().id;
  const users = `/api/devices/${device}/services/web/users`;
  expect((await rig.call('bob', 'PUT', `${users}/guest`, { password: PASSWORD })).statusCode).toBe(200);
  const ofUser = { url: { id: device, service: 'web', name: 'guest' } };

  const answered: string[] = [];
  const owner = { deviceId: device, accountId: rig.idOf('bob'), deviceName: 'bobs-box' };
  const station = rig.baseStations.open(owner, (message) => {
    if (message.type === 'lan-answer') answered.push(message.id);
    else station.hear({ type: 'inputs', n: message.n, inputs: [], more: 0 });
  });
  station.hear({ type: 'lan-requests', remoteAllow: true, requests: [LAN_REQUEST], more: 0 });
  const ofLanRequest = { url: { id: device, request: LAN_REQUEST.id }, body: { code: LAN_REQUEST.code } };
  const ended: string[] = [];
  const connection = newId();
  rig.mqttConnections.push({
    ...{ id: connection, clientId: 'x', address: '192.0.2.1', door: 'mqtts', since: 1 },
    identity: {
      ...{ kind: 'device', scope: '', label: 'device:bobs-box', prefixes: [], credentialId: undefined },
      ...{ accountId: rig.idOf('bob'), deviceId: device, deviceName: 'bobs-box' },
    },
    ...{ bytesIn: 1, bytesOut: 2, unsent: 0, subscriptions: 0, hasFilter: () => false },
    send: () => undefined,
    end: (reason) => void ended.push(reason),
  });

  const ofFeed = { url: { id: device, service: 'web', feed: '1' } };
  const ofDevice = { url: { id: device, service: 'web' } };
  /** How each route is called with what is bob's: it would work for bob, so that only the owner is at fault. */
  const calls: Record<string, { url: Record<string, string>; body?: object; query?: string }> = {
    'GET /api/devices/:id': ofDevice,
    'GET /api/devices/:id/health': ofDevice,
    'GET /api/devices/:id/readings': ofDevice,
    'GET /api/devices/:id/lan-requests': ofDevice,
    'GET /api/devices/:id/lan-devices': ofDevice,
    'GET /api/devices/:id/lan-inputs': ofDevice,
    'POST /api/devices/:id/lan-requests/:request/allow': ofLanRequest,
    'POST /api/devices/:id/lan-requests/:request/deny': ofLanRequest,
    'POST /api/devices/:id/kick': ofDevice,
    'GET /api/devices/:id/forwards': ofDevice,
    'PATCH /api/devices/:id': { ...ofDevice, body: { name: 'mine-now', tags: ['taken'], blocked: true } },
    'DELETE /api/devices/:id': ofDevice,
    'PATCH /api/devices/:id/services/:service': { ...ofDevice, body: { access: 'public' } },
    'DELETE /api/devices/:id/services/:service': ofDevice,
    'POST /api/devices/:id/services/:service/probe': ofDevice,
    'GET /api/devices/:id/services/:service/emoncms/feeds': ofDevice,
    'GET /api/devices/:id/services/:service/emoncms/inputs': ofDevice,
    'GET /api/devices/:id/services/:service/emoncms/feeds/:feed': ofFeed,
    'GET /api/devices/:id/services/:service/emoncms/feeds/:feed/data': {
      ...ofFeed,
      query: '?start=0&end=1000&interval=1',
    },
    'POST /api/devices/:id/forwards': { ...ofDevice, body: { service: 'ssh' } },
    'PUT /api/devices/:id/services/:service/users/:name': { ...ofUser, body: { password: PASSWORD } },
    'DELETE /api/devices/:id/services/:service/users/:name': ofUser,
    'GET /api/devices/:id/shares': ofDevice,
    'POST /api/devices/:id/services/:service/shares': { ...ofDevice, body: { name: 'mine now' } },
    'DELETE /api/shares/:id': { url: { id: share } },
    'GET /api/devices/:id/paths': ofDevice,
    'POST /api/devices/:id/paths': { ...ofDevice, body: { service: 'web', prefix: '/mine-now' } },
    'POST /api/devices/:id/services/:service/check': { ...ofDevice, body: { prefix: '/mine-now' } },
    'PATCH /api/paths/:id': { url: { id: path }, body: { strip: true } },
    'DELETE /api/paths/:id': { url: { id: path } },
    'POST /api/paths/:id/check': { url: { id: path } },
    'GET /api/forwards/:id': { url: { id: forward } },
    'DELETE /api/forwards/:id': { url: { id: forward } },
    'DELETE /api/me/sessions/:id': { url: { id: session } },
    'PATCH /api/me/apps/:id': { ...ofApp, body: { name: 'mine now' } },
    'DELETE /api/me/apps/:id': ofApp,
    'POST /api/me/apps/:id/secrets': ofApp,
    'DELETE /api/me/apps/:id/secrets/:secret': ofApp,
    'DELETE /api/me/app-grants/:id': { url: { id: grant } },
    'POST /api/me/link-buttons/:id/allow': { url: { id: linkButton } },
    'POST /api/me/link-buttons/:id/deny': { url: { id: linkButton } },
    'GET /api/me/consents/:id': { url: { id: 'asked-of-bob' } },
    'POST /api/me/consents/:id': { url: { id: 'asked-of-bob' }, body: { allow: false } },
    'DELETE /api/me/access-tokens/:id': { url: { id: accessToken } },
    'DELETE /api/me/ssh-keys/:id': { url: { id: sshKey } },
    'GET /api/devices/:id/mqtt-credentials': ofDevice,
    'POST /api/devices/:id/mqtt-credentials': { ...ofDevice, body: { name: 'mine-now' } },
    'DELETE /api/devices/:id/mqtt-credentials/:credential': { url: { id: device, credential } },
    'DELETE /api/mqtt-connections/:id': { url: { id: connection } },
    'DELETE /api/me/app-passwords/:id': { url: { id: appPassword } },
    'DELETE /api/enrolment-tokens/:id': { url: { id: enrolmentToken } },
    'POST /api/join-requests/:id/allow': { url: { id: request }, body: { code: asked.code, name: 'mine' } },
    'POST /api/join-requests/:id/deny': { url: { id: request }, body: { code: asked.code } },
  };
  const withIds = routes().filter(
    ({ url, key }) => url.includes(':') && !ADMIN.test(key) && !BY_CODE.test(key),
  );
  expect(new Set(withIds.map(({ key }) => key))).toEqual(new Set(Object.keys(calls)));

  const before = await everythingOf('bob');
  const evesBefore = await everythingOf('eve');
  for (const { method, url, key } of withIds) {
    const call = calls[key]!;
    const path =
      url.replace(/:(\w+)/g, (_, name: string) => call.url[name] ?? 'missing') + (call.query ?? '');
    const answer = await rig.call('eve', method, path, call.body);
    expect([key, answer.statusCode, answer.json().code]).toEqual([key, 404, 'not_found']);
    // The same answer as for an id that never was: nothing tells that bob's exists.
    const never = path.replace(call.url['id']!, 'abcdef0123456789');
    expect(withoutIds((await rig.call('eve', method, never, call.body)).json()), key).toEqual(
      withoutIds(answer.json()),
    );
  }
  expect(await everythingOf('bob')).toEqual(before);
  expect(await everythingOf('eve')).toEqual(evesBefore);
  expect([rig.links.ended, ended, answered]).toEqual([[], [], []]);
  expect((await rig.call('eve', 'GET', '/api/lan-requests')).json()).toEqual({ items: [] });
  const seen = { ...LAN_REQUEST, deviceId: device, deviceName: 'bobs-box', answerable: true };
  expect((await rig.call('bob', 'GET', '/api/lan-requests')).json()).toEqual({ items: [seen] });
  expect((await rig.call('eve', 'GET', '/api/mqtt-connections')).json()).toEqual({ items: [] });
  const ofBob = (await rig.call('bob', 'GET', `/api/mqtt-connections?device=${device}`)).json().items;
  expect(ofBob).toMatchObject([{ id: connection, kind: 'device', deviceName: 'bobs-box', bytesOut: 2 }]);
  expect((await rig.call('eve', 'GET', `/api/devices/${own}`)).statusCode).toBe(200);
  for (const [key, call] of Object.entries(calls)) {
    if (!key.startsWith('GET')) continue;
    const path =
      key.slice(4).replace(/:(\w+)/g, (_, name: string) => call.url[name] ?? 'missing') + (call.query ?? '');
    expect((await rig.call('bob', 'GET', path)).statusCode, key).toBe(200);
  }
});

test('members are refused what is for admins, and nothing changes', async () => {
  const admins = routes().filter(({ key }) => ADMIN.test(key));
  expect(admins.length).toBeGreaterThanOrEqual(4);
  const before = (await rig.call('ann', 'GET', '/api/accounts')).json();
  for (const { method, url, key } of admins) {
    const body = method === 'POST' ? { name: 'new', password: PASSWORD } : { role: 'admin' };
    const path = url.replace(':id', rig.idOf('bob'));
    const answer = await rig.call(
      'bob',
      method,
      path,
      method === 'POST' || method === 'PATCH' ? body : undefined,
    );
    expect([key, answer.statusCode, answer.json().code]).toEqual([key, 403, 'forbidden']);
  }
  expect((await rig.call('ann', 'GET', '/api/accounts')).json()).toEqual(before);
});

test('with the cookie, every unsafe route refuses what comes from elsewhere', async () => {
  const unsafe = routes().filter(({ method }) => method !== 'GET');
  expect(unsafe.length).toBeGreaterThan(15);
  const cookie = rig.cookieOf('ann');
  const before = await everythingOf('ann');
  for (const { method, url, key } of unsafe) {
    const path = url.replace(/:\w+/g, rig.idOf('bob'));
    for (const from of [
      { origin: 'https://web--box.relay.example' },
      { origin: 'https://relay.example.evil.example' },
      { origin: 'http://relay.example' },
      { origin: 'null' },
      { origin: '' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      {},
    ]) {
      const headers: Record<string, string> = { cookie, ...from };
      const answer = await rig.app.inject({ method, url: path, headers });
      expect([key, from, answer.statusCode, answer.json().code]).toEqual([key, from, 403, 'cross_site']);
    }
  }
  expect(await everythingOf('ann')).toEqual(before);
});

test('without the cookie, programs pass and pages of other origins do not', async () => {
  const body = { name: 'bob', password: PASSWORD };
  const from = (headers: Record<string, string>) =>
    rig.app.inject({ method: 'POST', url: '/api/sign-in', payload: body, headers });
  expect((await from({})).statusCode).toBe(200);
  expect((await from({ origin: 'https://web--box.relay.example' })).statusCode).toBe(403);
  expect((await from({ 'sec-fetch-site': 'same-site' })).statusCode).toBe(403);
  expect((await from({ cookie: rig.cookieOf('eve'), 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
});

test('pages of devices cannot use up what a signed-in browser may read', async () => {
  const answer = await rig.call('bob', 'GET', '/api/events', undefined, { 'sec-fetch-site': 'same-site' });
  expect([answer.statusCode, answer.json().code]).toEqual([403, 'cross_site']);
});

test('a route added past the endpoints is closed', async () => {
  const { app, live } = await buildApp(rig.deps, function ({ url }) {
    if (url === '/healthz') this.get('/api/forgotten', () => Promise.resolve('open'));
  });
  expect((await app.inject('/healthz')).statusCode).toBe(200);
  expect((await app.inject('/api/forgotten')).statusCode).toBe(404);
  live.close();
  await app.close();
});

async function everythingOf(name: string) {
  const paths = [
    '/api/me',
    '/api/devices',
    '/api/forwards',
    '/api/me/sessions',
    '/api/me/access-tokens',
    '/api/me/ssh-keys',
    '/api/me/apps',
    '/api/me/app-grants',
    '/api/me/app-passwords',
    '/api/enrolment-tokens',
    '/api/shares',
    '/api/join-requests',
    '/api/audit',
  ];
  const answers = await Promise.all(paths.map((path) => rig.call(name, 'GET', path)));
  const forwards = [...rig.forwards.open_.values()].filter((one) => one.accountId === rig.idOf(name));
  return { answers: answers.map((answer) => answer.json()), forwards };
}

function withoutIds(problem: Record<string, unknown>) {
  return { ...problem, requestId: undefined };
}
