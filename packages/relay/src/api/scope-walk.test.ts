import { SCOPES, type Scope } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, type Rig } from './api-rig.ts';

/** What each route asks of an access token. A new route has to be put here on purpose. */
const NEEDS: Record<Scope | 'any' | 'browser' | 'admin', readonly string[]> = {
  any: ['GET /api/me'],
  read: [
    'GET /api/devices',
    'GET /api/devices/:id',
    'GET /api/devices/:id/health',
    'GET /api/devices/:id/readings',
    'GET /api/devices/:id/lan-devices',
    'GET /api/devices/:id/lan-inputs',
    'GET /api/devices/:id/mqtt-credentials',
    'GET /api/mqtt-connections',
    'GET /api/events',
    'POST /api/devices/:id/services/:service/probe',
    'GET /api/devices/:id/services/:service/emoncms/feeds',
    'GET /api/devices/:id/services/:service/emoncms/feeds/:feed',
    'GET /api/devices/:id/services/:service/emoncms/feeds/:feed/data',
    'GET /api/devices/:id/services/:service/emoncms/inputs',
  ],
  write: [],
  shell: [
    'GET /api/forwards',
    'GET /api/forwards/options',
    'GET /api/forwards/:id',
    'DELETE /api/forwards/:id',
    'GET /api/devices/:id/forwards',
    'POST /api/devices/:id/forwards',
  ],
  manage: [
    'POST /api/devices',
    'PATCH /api/devices/:id',
    'DELETE /api/devices/:id',
    'POST /api/devices/:id/kick',
    'PATCH /api/devices/:id/services/:service',
    'DELETE /api/devices/:id/services/:service',
    'PUT /api/devices/:id/services/:service/users/:name',
    'DELETE /api/devices/:id/services/:service/users/:name',
    'POST /api/devices/:id/mqtt-credentials',
    'DELETE /api/devices/:id/mqtt-credentials/:credential',
    'GET /api/devices/:id/paths',
    'POST /api/devices/:id/paths',
    'PATCH /api/paths/:id',
    'DELETE /api/paths/:id',
    'POST /api/paths/:id/check',
    'POST /api/devices/:id/services/:service/check',
    'GET /api/shares',
    'GET /api/devices/:id/shares',
    'POST /api/devices/:id/services/:service/shares',
    'DELETE /api/shares/:id',
    'GET /api/join-requests',
    'POST /api/join-requests/:id/allow',
    'POST /api/join-requests/:id/deny',
    'GET /api/lan-requests',
    'GET /api/devices/:id/lan-requests',
    'POST /api/devices/:id/lan-requests/:request/allow',
    'POST /api/devices/:id/lan-requests/:request/deny',
    'GET /api/enrolment-tokens',
    'POST /api/enrolment-tokens',
    'DELETE /api/enrolment-tokens/:id',
    'GET /api/audit',
    'GET /api/me/ssh-keys',
    'GET /api/me/apps',
    'GET /api/me/app-grants',
    'DELETE /api/me/app-grants/:id',
    'GET /api/me/app-passwords',
    'DELETE /api/me/app-passwords/:id',
    'GET /api/me/access-tokens',
    'DELETE /api/me/access-tokens/:id',
    'DELETE /api/mqtt-connections/:id',
  ],
  browser: [
    'POST /api/me/apps',
    'PATCH /api/me/apps/:id',
    'DELETE /api/me/apps/:id',
    'POST /api/me/apps/:id/secrets',
    'DELETE /api/me/apps/:id/secrets/:secret',
    'GET /api/me/consents/:id',
    'POST /api/me/consents/:id',
    'GET /api/me/link-buttons',
    'POST /api/me/link-buttons/:id/allow',
    'POST /api/me/link-buttons/:id/deny',
    'GET /api/me/device-codes/:code',
    'POST /api/me/device-codes/:code',
    'POST /api/sign-out',
    'POST /api/me/password',
    'GET /api/me/sessions',
    'DELETE /api/me/sessions/:id',
    'POST /api/me/sessions/end-others',
    'POST /api/me/access-tokens',
    'POST /api/me/app-passwords',
    'POST /api/me/ssh-keys',
    'DELETE /api/me/ssh-keys/:id',
  ],
  admin: ['GET /api/accounts', 'POST /api/accounts', 'PATCH /api/accounts/:id', 'DELETE /api/accounts/:id'],
};
/** Routes that answer anybody are walked elsewhere. */
const OPEN = new Set([
  ...['GET /api/openapi.json', 'GET /api/setup', 'GET /healthz', 'GET /.well-known/porchlight'],
  ...['POST /api/setup', 'POST /api/sign-in', 'POST /api/sign-in/link'],
]);

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

function routes() {
  const all = rig.routes.map(({ method, url }) => ({ method, url, key: `${method} ${url}` }));
  return all.filter(({ key }) => !OPEN.has(key));
}

async function tokenOf(name: string, grant: object): Promise<Record<string, string>> {
  const made = await rig.call(name, 'POST', '/api/me/access-tokens', { name: 'a program', grant });
  expect(made.statusCode, made.body).toBe(201);
  return { authorization: `Bearer ${made.json().token}` };
}

async function codeOf(route: { method: string; url: string }, headers: Record<string, string>) {
  const url = route.url.replace(/:\w+/g, 'abcdef');
  const answer = await rig.app.inject({ method: route.method as 'GET', url, headers });
  return answer.json().code as string;
}

test('every route stands in the table', () => {
  const keys = routes().map(({ key }) => key);
  expect(keys.length).toBeGreaterThan(40);
  expect([...keys].sort()).toEqual(Object.values(NEEDS).flat().sort());
});

test('with one scope, the routes of the others say which they need', async () => {
  for (const has of SCOPES) {
    const headers = await tokenOf('bob', { scopes: [has] });
    const scopes = new Set<string>(has === 'write' ? ['read', 'write'] : [has]);
    for (const [needed, keys] of Object.entries(NEEDS)) {
      // The stream of events would stay open.
      const walked = routes().filter(({ key }) => keys.includes(key) && key !== 'GET /api/events');
      for (const route of walked) {
        const code = await codeOf(route, headers);
        const told = `${route.key} with ${has}: ${code}`;
        if (needed === 'browser' || needed === 'admin') expect(code, told).toBe('forbidden');
        else if (needed !== 'any' && !scopes.has(needed)) expect(code, told).toBe('scope_missing');
        else expect(['scope_missing', 'forbidden', 'not_signed_in'], told).not.toContain(code);
      }
    }
  }
});

test('narrowed to one device, a program finds nothing of the others, and changes nothing of the account', async () => {
  const [own, other] = [await rig.addDevice('bob', 'own'), await rig.addDevice('bob', 'other')];
  const headers = await tokenOf('bob', { scopes: SCOPES, devices: [{ id: own, services: ['web'] }] });
  const ask = (method: string, url: string, payload?: object) =>
    rig.app.inject({ method: method as 'GET', url, headers, ...(payload && { payload }) });
  const forwardUrl = `/api/devices/${other}/forwards`;
  const forward = (await rig.call('bob', 'POST', forwardUrl, { service: 'ssh' })).json().id;
  const shareUrl = `/api/devices/${other}/services/web/shares`;
  const share = (await rig.call('bob', 'POST', shareUrl, { name: 'x' })).json().id;

  expect((await ask('GET', '/api/devices')).json().items.map(({ id }: { id: string }) => id)).toEqual([own]);
  const seen = (await ask('GET', `/api/devices/${own}`)).json();
  expect(seen.services.map(({ name }: { name: string }) => name)).toEqual(['web']);
  for (const url of ['/api/forwards', '/api/shares'])
    expect((await ask('GET', url)).json().items).toEqual([]);

  const ids: Record<string, string> = { '/api/forwards': forward, '/api/shares': share };
  for (const route of routes().filter(({ url }) => url.includes(':'))) {
    const id = ids[route.url.replace('/:id', '')] ?? other;
    const url = route.url.replace(':id', id).replace(':service', 'web').replace(/:\w+/g, '1');
    const answer = await ask(route.method, url);
    expect([403, 404, 400], `${route.key}: ${answer.body}`).toContain(answer.statusCode);
    expect(answer.body, route.key).not.toContain('"other"');
  }
  for (const service of ['ssh', 'none']) {
    const url = `/api/devices/${own}/services/${service}/probe`;
    expect((await ask('POST', url)).json().code).toBe('not_found');
    expect((await ask('POST', `/api/devices/${own}/forwards`, { service })).json().code).toBe('not_found');
  }
  expect((await ask('PATCH', `/api/devices/${own}`, { name: 'mine' })).json().code).toBe('not_found');
  expect((await ask('POST', `/api/devices/${own}/forwards`, { port: 22 })).json().code).toBe('not_found');
  expect((await rig.call('bob', 'GET', `/api/devices/${other}`)).json().name).toBe('other');
});

test("a grant names devices of one's own only", async () => {
  const grant = { scopes: ['read'], devices: [{ id: await rig.addDevice('eve', 'eves') }] };
  const made = await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'x', grant });
  expect([made.statusCode, made.json().code]).toEqual([404, 'not_found']);
});
