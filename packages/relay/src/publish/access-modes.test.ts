import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Answer,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const HOST = 'web--robot.localhost';
const PAGE = { accept: 'text/html,application/xhtml+xml' };

let relay: TestRelay;
let alice: TestPerson;
let mallory: TestPerson;
let device: TestDevice;
let origin: http.Server;
/** Headers of the requests that reached the local server. */
let seen: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  origin = http.createServer((req, res) => {
    seen.push(req.headers);
    // A hostile or broken local server says what only the agent may say.
    res.setHeader('x-porchlight-error', 'denied_by_device');
    res.setHeader('set-cookie', ['own=1', 'porchlight=x', 'wide=1; Domain=localhost']);
    res.end('hello');
  });
  origin.on('upgrade', (req, socket) => {
    seen.push(req.headers);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await new Promise<void>((resolve) => void origin.listen(0, '127.0.0.1', resolve));
  relay = await startTestRelay();
  alice = await relay.person('alice');
  mallory = await relay.person('mallory');
  device = await relay.device(alice, 'robot', {
    web: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
    dead: 'http://127.0.0.1:1',
    ssh: 'tcp://127.0.0.1:22',
  });
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await relay.close();
  origin.close();
});

async function setAccess(change: Record<string, string>, service = 'web'): Promise<void> {
  const answer = await alice.api('PATCH', `/api/devices/${device.id}/services/${service}`, change);
  expect(answer.status, answer.body).toBe(200);
}

async function token(of: TestPerson): Promise<string> {
  const made = await of.api('POST', '/api/me/access-tokens', { name: 'a program' });
  expect(made.status, made.body).toBe(201);
  return `Bearer ${JSON.parse(made.body).token}`;
}

function upgrade(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({
      ...{ host: '127.0.0.1', port: relay.port, path: '/live', agent: false },
      headers: {
        ...{ host: `${HOST}:${relay.port}`, connection: 'Upgrade', upgrade: 'websocket' },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', ...headers },
      },
    });
    request.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    request.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('error', reject);
  });
}

const code = (answer: Answer): unknown => JSON.parse(answer.body).code;
const visit = (headers: Record<string, string> = {}, host = HOST): Promise<Answer> =>
  relay.visit(host, '/', { headers });

describe('login', () => {
  beforeAll(() => setAccess({ access: 'login' }));

  it('lets the owner in, and the device hears who it is', async () => {
    const cookie = await relay.signOn(alice, HOST);
    const answer = await visit({ cookie, authorization: 'Basic bG9jYWw6eA==' });
    expect([answer.status, answer.body]).toEqual([200, 'hello']);
    expect(seen[0]).toMatchObject({
      ...{ 'x-porchlight-person': 'alice', 'x-porchlight-role': 'owner' },
      authorization: 'Basic bG9jYWw6eA==',
    });
    expect(seen[0]?.cookie).toBeUndefined();
  });

  it('the local server cannot pose as the agent, nor set cookies beyond its host', async () => {
    const answer = await visit({ cookie: await relay.signOn(alice, HOST) });
    expect(answer.headers['x-porchlight-error']).toBeUndefined();
    expect(answer.headers['set-cookie']).toEqual(['own=1']);
  });

  it('an access token of the owner counts too, and stays at the relay', async () => {
    expect((await visit({ authorization: await token(alice) })).status).toBe(200);
    expect(seen[0]?.authorization).toBeUndefined();
  });

  it('somebody else’s device looks exactly like nothing to whoever is signed in', async () => {
    const bearer = await token(mallory);
    const facts = ({ status, headers, body }: Answer) => {
      const { date: _date, ...rest } = headers;
      return { status, rest, body };
    };
    for (const headers of [{ authorization: bearer }, { authorization: bearer, ...PAGE }]) {
      const foreign = await visit(headers);
      const nothing = await visit(headers, 'web--nobody.localhost');
      expect(facts(foreign)).toEqual(facts(nothing));
      expect(foreign.status).toBe(404);
    }
    const cookie = await relay.signOn(mallory, HOST);
    expect((await visit({ cookie, ...PAGE })).status).toBe(404);
    expect(await upgrade({ cookie })).toBe(404);
    expect(seen).toEqual([]);
  });

  it('a cookie of another host is worth nothing', async () => {
    const cookie = await relay.signOn(alice, 'dead--robot.localhost');
    expect((await visit({ cookie })).status).toBe(401);
  });

  it('ends with the session, at once', async () => {
    const bob = await relay.person('bob');
    const cookie = await relay.signOn(bob, HOST);
    expect((await visit({ cookie })).status).toBe(404);
    expect((await bob.api('POST', '/api/sign-out')).status).toBeLessThan(300);
    expect((await visit({ cookie })).status).toBe(401);
  });

  it('what another site makes a browser do is refused, with nothing sent to the device', async () => {
    const cookie = await relay.signOn(alice, HOST);
    const hostile = { cookie, origin: 'http://web--evil.localhost', 'sec-fetch-site': 'same-site' };
    const posted = await relay.visit(HOST, '/', { method: 'POST', headers: hostile, body: 'x' });
    expect([posted.status, code(posted)]).toEqual([403, 'cross_site']);
    expect(await upgrade(hostile)).toBe(403);
    expect(await upgrade({ cookie, origin: 'http://web--evil.localhost' })).toBe(403);
    expect(seen).toEqual([]);
    expect(await upgrade({ cookie, origin: `http://${HOST}:${relay.port}` })).toBe(101);
  });

  it('nobody: the sign-in for people, 401 for machines and upgrades', async () => {
    expect((await visit(PAGE)).status).toBe(302);
    const machine = await visit();
    expect([machine.status, code(machine)]).toEqual([401, 'not_signed_in']);
    expect(machine.headers['www-authenticate']).toContain('Bearer');
    expect(machine.headers['content-type']).toBe('application/problem+json');
    expect((await relay.visit(HOST, '/', { method: 'POST', headers: PAGE, body: 'x' })).status).toBe(401);
    expect(await upgrade({})).toBe(401);
    expect(seen).toEqual([]);
  });
});

describe('basic', () => {
  const right = { authorization: `Basic ${btoa('meter:correct horse')}` };
  beforeAll(() => setAccess({ access: 'basic', basicUser: 'meter', basicPassword: 'correct horse' }));

  it('lets in who knows the password, and keeps it from the device', async () => {
    expect((await visit(right)).status).toBe(200);
    expect(seen[0]?.authorization).toBeUndefined();
    expect(seen[0]?.['x-porchlight-person']).toBeUndefined();
    expect(await upgrade(right)).toBe(101);
  });

  it.each([
    {},
    { authorization: `Basic ${btoa('meter:wrong')}` },
    { authorization: `Basic ${btoa('other:correct horse')}` },
    { authorization: 'Basic !!!' },
    { authorization: 'Basic' },
    { authorization: 'Bearer correct horse' },
  ])('nobody else, who is asked for it: %j', async (headers) => {
    for (const more of [{}, PAGE]) {
      const answer = await visit({ ...headers, ...more });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Basic');
    }
    expect(await upgrade(headers as Record<string, string>)).toBe(401);
    expect(seen).toEqual([]);
  });

  it('the owner’s sign-on is no password', async () => {
    const cookie = await relay.signOn(alice, 'dead--robot.localhost');
    expect((await visit({ cookie })).status).toBe(401);
    expect((await visit({ authorization: await token(alice) })).status).toBe(401);
  });

  it('another site cannot use a password that the browser remembers', async () => {
    expect((await visit({ ...right, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});

describe('token', () => {
  beforeAll(() => setAccess({ access: 'token' }));

  it('lets the owner’s programs in, and nobody by cookie', async () => {
    expect((await visit({ authorization: await token(alice) })).status).toBe(200);
    expect((await visit({ authorization: await token(mallory) })).status).toBe(404);
    expect((await visit({ authorization: 'Bearer plt_wrong' })).status).toBe(401);
    expect((await visit(PAGE)).status).toBe(401);
    expect(await upgrade({ authorization: await token(alice) })).toBe(101);
  });
});

describe('public', () => {
  beforeAll(() => setAccess({ access: 'public' }));

  it('lets everybody in, unnamed, from everywhere', async () => {
    const answer = await visit({ 'x-porchlight-person': 'alice', 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(200);
    expect(seen[0]?.['x-porchlight-person']).toBeUndefined();
    expect(await upgrade({ origin: 'https://elsewhere.example' })).toBe(101);
  });

  it('keeps a token that was sent by mistake from the device, and passes other credentials', async () => {
    await visit({ authorization: await token(alice) });
    await visit({ authorization: 'Bearer of-the-device' });
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer of-the-device']);
  });

  it('closing it holds from the next request on', async () => {
    expect((await visit()).status).toBe(200);
    await setAccess({ access: 'login' });
    expect((await visit()).status).toBe(401);
    await setAccess({ access: 'public' });
    expect((await visit()).status).toBe(200);
  });
});

describe('what stands in the way', () => {
  beforeAll(async () => {
    await setAccess({ access: 'public' });
    await setAccess({ access: 'public' }, 'dead');
  });

  it('a local server that does not answer is 502, for people and machines', async () => {
    const machine = await visit({}, 'dead--robot.localhost');
    expect([machine.status, code(machine)]).toEqual([502, 'service_unreachable']);
    const person = await visit(PAGE, 'dead--robot.localhost');
    expect(person.status).toBe(502);
    expect(person.headers['content-type']).toContain('text/html');
    expect(person.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('tcp services, unknown ones and the bare device are no pages', async () => {
    for (const host of [
      'ssh--robot.localhost',
      'none--robot.localhost',
      'robot.localhost',
      'x.web--robot.localhost',
    ])
      expect((await visit({}, host)).status, host).toBe(404);
  });

  it('the relay’s own paths are not the device’s, also as an upgrade', async () => {
    expect((await relay.visit(HOST, '/.porchlight/x')).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it('a device that was paused says so, and one that is gone since when', async () => {
    await device.stop();
    const person = await visit(PAGE);
    expect(person.status).toBe(503);
    expect(person.body).toContain('Last seen');
    const machine = await visit();
    expect(machine.headers['retry-after']).toBe('10');
    expect(JSON.parse(machine.body)).toMatchObject({
      code: 'device_offline',
      offlineSince: expect.any(Number),
    });
    expect(await upgrade({})).toBe(503);
    await device.start();
    expect((await visit()).status).toBe(200);
  });
});
