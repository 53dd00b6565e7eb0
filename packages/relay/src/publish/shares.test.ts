import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Answer,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const HOST = 'web--robot.localhost';
const SHARE = '/.porchlight/share';

let relay: TestRelay;
let alice: TestPerson;
let mallory: TestPerson;
let device: TestDevice;
let origin: http.Server;

beforeAll(async () => {
  origin = http.createServer((req, res) => res.end(`${req.method} ${JSON.stringify(req.headers)}`));
  origin.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await once(origin.listen(0, '127.0.0.1'), 'listening');
  const target = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  relay = await startTestRelay();
  alice = await relay.person('alice');
  mallory = await relay.person('mallory');
  device = await relay.device(alice, 'robot', { web: target, other: target, ssh: 'tcp://127.0.0.1:22' });
});
afterAll(async () => {
  await relay.close();
  origin.closeAllConnections();
  origin.close();
});

async function make(
  wish: object,
  { by = alice, service = 'web' } = {},
): Promise<{ id: string; url: string; code: string }> {
  const answer = await by.api('POST', `/api/devices/${device.id}/services/${service}/shares`, {
    name: 'for grandma',
    ...wish,
  });
  expect(answer.status, answer.body).toBe(201);
  const { id, url } = JSON.parse(answer.body);
  return { id, url, code: new URL(url).hash.slice(1) };
}

/** Presses "Open" on the page of a link. */
function open(code: string, { host = HOST, password = '', headers = {} } = {}): Promise<Answer> {
  return relay.visit(host, SHARE, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', ...headers },
    body: new URLSearchParams({ code, password }).toString(),
  });
}

function cookieOf(answer: Answer): string {
  expect(answer.status, answer.body).toBe(303);
  return String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? '';
}

const visit = (cookie: string, method = 'GET', host = HOST): Promise<Answer> =>
  relay.visit(host, '/', { method, headers: { cookie } });

it('a stranger opens the link, reads, and the device hears nobody', async () => {
  const { url, code } = await make({});
  expect(url).toMatch(/^http:\/\/web--robot\.localhost:\d+\/\.porchlight\/share#plh_[\w-]{43}$/);
  const page = await relay.visit(HOST, SHARE, { headers: { accept: 'text/html' } });
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");

  const opened = await open(code);
  expect(opened.headers.location).toBe('/');
  const answer = await visit(cookieOf(opened));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatch(/^GET /);
  expect(answer.body).not.toContain('porchlight-share');
  expect(answer.body).not.toContain('x-porchlight-person');
});

it('a link for looking changes nothing; one for using does', async () => {
  const looking = cookieOf(await open((await make({})).code));
  const refused = await visit(looking, 'POST');
  expect([refused.status, JSON.parse(refused.body).code]).toEqual([403, 'scope_missing']);
  const using = cookieOf(await open((await make({ scope: 'write' })).code));
  expect((await visit(using, 'POST')).status).toBe(200);
});

it.each(['X-HTTP-Method-Override', 'x_http_method', 'X-Method-Override'])(
  'a link for looking does not change by the back door of %s',
  async (name) => {
    const { code } = await make({ scope: 'read' });
    const cookie = cookieOf(await open(code));
    const answer = await relay.visit(HOST, '/', { headers: { cookie, [name]: 'DELETE' } });
    expect(answer.status, answer.body).toBe(403);
  },
);

it('the link is for one service: nothing else of the device, the console or another person opens', async () => {
  const { code } = await make({ scope: 'write' });
  const cookie = cookieOf(await open(code));
  expect((await visit(cookie, 'GET', 'other--robot.localhost')).status).toBe(401);
  expect((await open(code, { host: 'other--robot.localhost' })).status).toBe(404);
  const api = await relay.visit('localhost', '/api/devices', { headers: { cookie } });
  expect(api.status).toBe(401);
  const bearer = await relay.visit('localhost', '/api/devices', {
    headers: { authorization: `Bearer ${code}` },
  });
  expect(bearer.status).toBe(401);
});

it('looking at a link uses nothing up; each opening does', async () => {
  const { code } = await make({ uses: 2 });
  for (let n = 0; n < 5; n += 1) await relay.visit(HOST, SHARE, { headers: { accept: 'text/html' } });
  const first = cookieOf(await open(code));
  cookieOf(await open(code));
  expect((await open(code)).status).toBe(404);
  expect((await visit(first)).status).toBe(200);
});

it('a password, and what the page says without and with a wrong one', async () => {
  const { code } = await make({ password: 'a porch light' });
  const without = await open(code);
  expect([without.status, without.body.includes('asks for a password')]).toEqual([403, true]);
  expect(without.body).toContain('name="password"');
  expect(without.body).toContain(code);
  const wrong = await open(code, { password: 'a torch' });
  expect([wrong.status, wrong.body.includes('The password is wrong')]).toEqual([403, true]);
  expect((await visit(cookieOf(await open(code, { password: 'a porch light' })))).status).toBe(200);
});

it('revoked, whoever came in by it is out at once, with what is open', async () => {
  const { id, code } = await make({ scope: 'write' });
  const cookie = cookieOf(await open(code));
  const live = http.get({
    ...{ host: '127.0.0.1', port: relay.port, agent: false },
    headers: { host: `${HOST}:${relay.port}`, cookie, connection: 'Upgrade', upgrade: 'echo' },
  });
  const [, socket] = (await once(live, 'upgrade')) as [unknown, import('node:net').Socket];
  const closed = once(socket, 'close');
  socket.resume();
  expect((await mallory.api('DELETE', `/api/shares/${id}`)).status).toBe(404);
  expect((await alice.api('DELETE', `/api/shares/${id}`)).status).toBe(204);
  await closed;
  expect((await visit(cookie)).status).toBe(401);
  expect((await open(code)).status).toBe(404);
});

it('is listed without its code, in its own account only, and each opening is in the audit', async () => {
  const { id, code } = await make({ name: 'for the plumber', uses: 3, hours: 2 });
  await open(code);
  const list = await alice.api('GET', `/api/devices/${device.id}/shares`);
  expect(list.body).not.toContain(code);
  expect(JSON.parse(list.body).items.find((one: { id: string }) => one.id === id)).toMatchObject({
    ...{ name: 'for the plumber', service: 'web', scope: 'read', password: false, usesLeft: 2, used: 1 },
  });
  expect(JSON.parse((await mallory.api('GET', '/api/shares')).body).items).toEqual([]);
  expect((await mallory.api('GET', `/api/devices/${device.id}/shares`)).status).toBe(404);
  const audit = JSON.parse((await alice.api('GET', '/api/audit')).body).items as { action: string }[];
  expect(audit.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['share.created', 'share.opened']),
  );
  expect(JSON.stringify(audit)).not.toContain(code);
});

it('a program gives no stranger more than it has itself', async () => {
  const grant = { scopes: ['read', 'manage'], devices: [{ id: device.id, services: ['web'] }] };
  const made = await alice.api('POST', '/api/me/access-tokens', { name: 'sharer', grant });
  const headers = {
    authorization: `Bearer ${JSON.parse(made.body).token}`,
    'content-type': 'application/json',
  };
  const ask = async (service: string, scope: string) =>
    (
      await relay.visit('localhost', `/api/devices/${device.id}/services/${service}/shares`, {
        ...{ method: 'POST', headers },
        body: JSON.stringify({ name: 'x', scope }),
      })
    ).status;
  expect(await ask('web', 'read')).toBe(201);
  expect(await ask('web', 'write')).toBe(403);
  expect(await ask('other', 'read')).toBe(404);
});

it('what is no web service is not shared', async () => {
  const answer = await alice.api('POST', `/api/devices/${device.id}/services/ssh/shares`, { name: 'x' });
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'bad_request']);
});

it('guessing is slowed by address; a form from another site and rubbish are refused', async () => {
  expect((await open('<script>')).status).toBe(404);
  expect((await open('<script>')).body).not.toContain('<script>"');
  expect((await open('x'.repeat(5_000))).status).toBe(413);
  expect((await open('x', { headers: { 'content-type': 'application/json' } })).status).toBe(400);
  expect((await open('x', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await relay.visit(HOST, SHARE, { method: 'DELETE' })).status).toBe(404);
  let status = 0;
  for (let n = 0; n < 12 && status !== 429; n += 1) ({ status } = await open(`plh_${'A'.repeat(43)}`));
  expect(status).toBe(429);
});
