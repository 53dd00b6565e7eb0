import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Answer,
  type Ask,
  type Origin,
  type ProcessDevice,
  type ProcessPerson,
  type ProcessRelay,
  type RunningProgram,
  request,
  startOrigin,
  startPorchlight,
  startProcessRelay,
} from '@porchlight/testkit';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const DOMAIN = 'home.localhost';
const NEVER = 'abcdef0123456789abcdef01';

interface Tenant {
  readonly person: ProcessPerson;
  readonly device: ProcessDevice;
  /** Cookie of the console. */
  readonly cookie: string;
  /** Cookie of the host of the service `web`. */
  readonly visit: string;
  /** One id of each thing that a path can name, by the path's segment before it. */
  readonly ids: Readonly<Record<string, string>>;
}

/** Two accounts with everything an account can have, each trying what is the other's. */
describe('two tenants of one relay', () => {
  let relay: ProcessRelay;
  let origin: Origin;
  let alice: Tenant;
  let bob: Tenant;
  let asking: RunningProgram;
  let asked: { id: string; code: string };
  let folder: string;
  const mqttClients: MqttClient[] = [];

  beforeAll(async () => {
    origin = await startOrigin();
    relay = await startProcessRelay({ flags: ['--insecure-paths-for-members', 'true'] });
    alice = await tenant('alice', 'robot');
    bob = await tenant('bob', 'meter');
    // Somebody's device asks alice to be let in.
    folder = await mkdtemp(join(tmpdir(), 'porchlight-asking-'));
    asking = startPorchlight([
      ...['agent', 'join', `http://localhost:${relay.ports.http}`, '--data', folder],
      ...['--account', 'alice', '--name', 'newcomer', '--json'],
    ]);
    const { code } = await asking.json((line) => line['state'] === 'pending');
    const listed = JSON.parse((await alice.person.api('GET', '/api/join-requests')).body).items;
    expect(listed).toHaveLength(1);
    asked = { id: listed[0].id, code: String(code) };
  }, 120_000);

  afterAll(async () => {
    for (const client of mqttClients) client.end(true);
    await asking?.stop('SIGKILL');
    await relay?.close();
    await origin?.program.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  function ask(host: string, path: string, what: Ask = {}): Promise<Answer> {
    return request({ port: relay.ports.http, host: `${host}:${relay.ports.http}`, path, ...what });
  }

  async function tenant(name: string, deviceName: string): Promise<Tenant> {
    const person = await relay.person(name);
    const web = `http://127.0.0.1:${origin.http}`;
    const services = { web, tok: web, pw: web, pub: web, raw: `tcp://127.0.0.1:${origin.tcp}` };
    const device = await relay.device(person, deviceName, services);
    const set = (service: string, body: object) =>
      person.api('PATCH', `/api/devices/${device.id}/services/${service}`, body);
    await set('tok', { access: 'token' });
    await set('pw', { access: 'basic', basicUser: 'u', basicPassword: `password-of-${name}` });
    await set('pub', { access: 'public' });
    const signedIn = await ask(DOMAIN, '/api/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password: person.password }),
    });
    const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const forward = await person.api('POST', `/api/devices/${device.id}/forwards`, { service: 'raw' });
    const sshKey = await person.api(
      'POST',
      '/api/me/ssh-keys',
      { publicKey: `ssh-ed25519 ${newKeyBlob().toString('base64')}` },
      'session',
    );
    const path = await person.api('POST', `/api/devices/${device.id}/paths`, {
      service: 'web',
      prefix: `/${deviceName}`,
    });
    const enrolment = await person.api('POST', '/api/enrolment-tokens', { note: `note-of-${name}`, uses: 3 });
    const app = await person.api('POST', '/api/me/app-passwords', { name: 'home' }, 'session');
    const { username, password } = JSON.parse(app.body);
    const share = await person.api('POST', `/api/devices/${device.id}/services/web/shares`, {
      name: 'guest',
    });
    const oauthApp = await person.api(
      'POST',
      '/api/me/apps',
      { name: `app of ${name}`, callbacks: ['https://app.example/'], confidential: true },
      'session',
    );
    const wish = { client_id: JSON.parse(oauthApp.body).id, response_type: 'code', scope: 'read' };
    const asks = await ask(DOMAIN, `/oauth/authorize?${new URLSearchParams(wish)}`, { headers: { cookie } });
    const consent = asks.headers.location?.split('/').at(-1) ?? '';
    const other = await ask(DOMAIN, `/oauth/authorize?${new URLSearchParams(wish)}`, { headers: { cookie } });
    const allow = { allow: true, scopes: ['read'] };
    const allowed = other.headers.location?.split('/').at(-1) ?? '';
    expect((await person.api('POST', `/api/me/consents/${allowed}`, allow, 'session')).status).toBe(200);
    const broker = { host: '127.0.0.1', port: relay.ports.mqtt, keepalive: 0, username, password };
    mqttClients.push(await connectAsync(broker));
    const first = async (path: string) =>
      JSON.parse((await person.api('GET', path, undefined, 'session')).body).items[0].id;
    return {
      person,
      device,
      cookie,
      visit: await signOn(cookie, `web--${deviceName}.${DOMAIN}`),
      ids: {
        devices: device.id,
        forwards: JSON.parse(forward.body).id,
        'ssh-keys': JSON.parse(sshKey.body).id,
        paths: JSON.parse(path.body).id,
        'app-passwords': JSON.parse(app.body).id,
        'mqtt-connections': await first('/api/mqtt-connections'),
        'enrolment-tokens': JSON.parse(enrolment.body).id,
        shares: JSON.parse(share.body).id,
        apps: JSON.parse(oauthApp.body).id,
        consents: consent,
        'app-grants': await first('/api/me/app-grants'),
        sessions: await first('/api/me/sessions'),
        'access-tokens': await first('/api/me/access-tokens'),
        accounts: JSON.parse((await person.api('GET', '/api/me')).body).account.id,
      },
    };
  }

  /** Follows a sign-on as a browser does; gives the host's cookie. */
  async function signOn(console: string, host: string): Promise<string> {
    const begun = await ask(host, '/', { headers: { accept: 'text/html' } });
    const state = begun.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const there = new URL(begun.headers.location ?? '');
    const code = await ask(DOMAIN, `${there.pathname}${there.search}`, { headers: { cookie: console } });
    const back = new URL(code.headers.location ?? '');
    const done = await ask(host, `${back.pathname}${back.search}`, { headers: { cookie: state } });
    return done.headers['set-cookie']?.find((one) => one.includes('visit='))?.split(';')[0] ?? '';
  }

  /** What an answer tells, without what is new in each. */
  function told(answer: Answer): unknown {
    const { date: _date, 'x-porchlight-request-id': _id, ...headers } = answer.headers;
    const body = answer.body.replace(/"requestId":"[^"]*"/, '');
    return { status: answer.status, headers: { ...headers, 'content-length': undefined }, body };
  }

  function identities(who: Tenant): Record<string, Record<string, string>> {
    return {
      token: { authorization: `Bearer ${who.person.token}` },
      session: { cookie: who.cookie, origin: `http://${DOMAIN}:${relay.ports.http}` },
      none: {},
    };
  }

  async function everythingOf(who: Tenant): Promise<string[]> {
    const paths = [
      '/api/devices',
      '/api/forwards',
      '/api/enrolment-tokens',
      '/api/me/access-tokens',
      '/api/me/ssh-keys',
      '/api/join-requests',
      '/api/me/app-passwords',
      '/api/me/apps',
      '/api/me/app-grants',
      '/api/shares',
      '/api/mqtt-connections',
    ];
    const answers: string[] = [];
    for (const path of paths) {
      const { body } = await who.person.api('GET', path, undefined, 'session');
      answers.push(body.replace(/"(?:lastUsedAt|lastSuccessAt|rttAt|bytesIn|bytesOut|rtt)":[0-9.]+,?/g, ''));
    }
    return answers;
  }

  /** Bodies that would do harm if they were let through. */
  function bodyFor(key: string): object | undefined {
    if (/^POST .*forwards$/.test(key)) return { service: 'raw' };
    if (/^POST .*mqtt-credentials$/.test(key)) return { name: 'mine-now' };
    if (/^PATCH .*services/.test(key)) return { access: 'public' };
    if (/^PUT .*users/.test(key)) return { password: 'long enough' };
    if (/^POST .*devices\/\{id\}\/paths/.test(key)) return { service: 'web', prefix: '/mine-now' };
    if (/^POST .*services\/\{service\}\/check/.test(key)) return { prefix: '/mine-now' };
    if (/^PATCH .*paths/.test(key)) return { strip: true };
    if (/^PATCH .*devices/.test(key)) return { name: 'mine-now', blocked: true };
    if (/^PATCH .*accounts/.test(key)) return { role: 'admin' };
    if (/^POST .*consents/.test(key)) return { allow: true, scopes: ['read'] };
    if (/^PATCH .*apps/.test(key)) return { callbacks: ['https://evil.example/'] };
    if (/^POST .*shares$/.test(key)) return { name: 'mine-now' };
    if (/^POST .*lan-requests/.test(key)) return { code: '123-456' };
    if (key.endsWith('/allow')) return { code: asked.code, name: 'mine-now' };
    if (key.endsWith('/deny')) return { code: asked.code };
    return undefined;
  }

  it("no route tells another's thing apart from one that is not there, or changes it", async () => {
    const spec = JSON.parse((await ask(DOMAIN, '/api/openapi.json')).body);
    const routes = Object.entries(spec.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
    );
    expect(routes.length).toBeGreaterThan(25);
    const withIds = routes.filter(({ path }) => path.includes('{id}'));
    expect(withIds.length).toBeGreaterThan(12);
    const ids: Record<string, string> = { ...alice.ids, 'join-requests': asked.id };
    const before = await everythingOf(alice);
    for (const { path, method } of withIds) {
      const key = `${method} ${path}`;
      const kind = /([^/]+)\/\{id\}/.exec(path)?.[1] ?? '';
      // Walked in route-walk.test.ts, where a button can be kept waiting.
      if (kind === 'link-buttons') continue;
      const theirs = ids[kind];
      if (theirs === undefined) throw new Error(`no id of a thing in ${key}: add one to the tenants`);
      const call = (id: string, headers: Record<string, string>) => {
        const body = bodyFor(key);
        const names = {
          id,
          service: 'web',
          name: 'u',
          feed: '1',
          credential: NEVER,
          secret: NEVER,
          request: NEVER,
        };
        const query = path.endsWith('/data') ? '?start=0&end=1000&interval=1' : '';
        return ask(DOMAIN, filled(path, names) + query, {
          method,
          headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      };
      for (const [how, headers] of Object.entries(identities(bob))) {
        const answer = await call(theirs, headers);
        expect(told(answer), `${key} with ${how}`).toEqual(told(await call(NEVER, headers)));
        expect(how === 'none' ? [401] : [403, 404], `${key} with ${how}`).toContain(answer.status);
      }
    }
    expect(await everythingOf(alice)).toEqual(before);
  });

  it("no listing shows anything of another's", async () => {
    const spec = JSON.parse((await ask(DOMAIN, '/api/openapi.json')).body);
    const lists = Object.entries(spec.paths as Record<string, Record<string, unknown>>)
      .filter(([path, methods]) => 'get' in methods && path !== '/api/events' && path !== '/api/openapi.json')
      .map(([path]) => path.replace('{id}', bob.ids['devices'] ?? '').replace('{service}', 'web'));
    const secrets = [...Object.values(alice.ids), asked.id, asked.code, 'robot', 'note-of-alice', 'newcomer'];
    for (const path of lists) {
      for (const [how, headers] of Object.entries(identities(bob))) {
        const { body } = await ask(DOMAIN, path, { headers });
        for (const secret of secrets) expect(body, `${path} with ${how}`).not.toContain(secret);
      }
    }
    for (const query of [`?code=${asked.code}`, '?search=robot', '?tag=x', `?deviceId=${alice.device.id}`]) {
      for (const path of ['/api/join-requests', '/api/devices', '/api/audit']) {
        const { body } = await ask(DOMAIN, `${path}${query}`, { headers: identities(bob)['token'] ?? {} });
        for (const secret of secrets) expect(body, `${path}${query}`).not.toContain(secret);
      }
    }
  });

  it("no host of another's opens, or is told apart by who is signed in", async () => {
    const visits = {
      token: { authorization: `Bearer ${bob.person.token}` },
      visit: { cookie: bob.visit },
      console: { cookie: bob.cookie },
      password: { authorization: `Basic ${Buffer.from('u:password-of-bob').toString('base64')}` },
      none: {},
    };
    const nowhere = await ask(`web--nowhere.${DOMAIN}`, '/');
    expect(nowhere.status).toBe(404);
    for (const service of ['web', 'tok', 'pw', 'raw', 'none']) {
      const host = `${service}--robot.${DOMAIN}`;
      for (const [how, headers] of Object.entries(visits)) {
        const answer = await ask(host, '/', { headers });
        expect([401, 404], `${host} with ${how}`).toContain(answer.status);
        expect(answer.body, `${host} with ${how}`).not.toMatch(/robot|alice|127\.0\.0\.1/);
        const known = how === 'token' && service !== 'pw';
        if (known || service === 'raw' || service === 'none') {
          const same = await ask(`web--nowhere.${DOMAIN}`, '/', { headers });
          expect(told(answer), `${host} with ${how}`).toEqual(told(same));
        }
      }
    }
    // A sign-on of somebody else leads to the same nothing.
    const visit = await signOn(bob.cookie, `web--robot.${DOMAIN}`);
    const signedOn = await ask(`web--robot.${DOMAIN}`, '/', { headers: { cookie: visit } });
    expect(told(signedOn)).toEqual(told(nowhere));
    // And the owner's own ways open it, so that the refusals above mean something.
    const owners: [string, Record<string, string>][] = [
      ['web', { cookie: alice.visit }],
      ['web', { authorization: `Bearer ${alice.person.token}` }],
      ['tok', { authorization: `Bearer ${alice.person.token}` }],
      ['pw', { authorization: `Basic ${Buffer.from('u:password-of-alice').toString('base64')}` }],
      ['pub', {}],
    ];
    for (const [service, headers] of owners) {
      expect((await ask(`${service}--robot.${DOMAIN}`, '/', { headers })).status, service).toBe(200);
    }
  });

  it('a cookie of one host is worth nothing at another, not even of the same owner', async () => {
    for (const host of [`tok--robot.${DOMAIN}`, `pw--robot.${DOMAIN}`]) {
      expect((await ask(host, '/', { headers: { cookie: alice.visit } })).status).toBe(401);
    }
    const web = `web--robot.${DOMAIN}`;
    expect((await ask(web, '/', { headers: { cookie: alice.cookie } })).status).toBe(401);
    expect((await ask(DOMAIN, '/api/me', { headers: { cookie: alice.visit } })).status).toBe(401);
    // The value under the console's own name neither.
    const renamed = alice.visit.replace(/^[^=]+/, alice.cookie.split('=')[0] ?? '');
    expect((await ask(DOMAIN, '/api/me', { headers: { cookie: renamed } })).status).toBe(401);
  });

  it('a hostile device page gets nothing of its visitors and sets nothing beyond itself', async () => {
    const host = `pub--robot.${DOMAIN}`;
    const answer = await ask(host, `/hostile?domain=${DOMAIN}`);
    expect(answer.headers['set-cookie']?.map((one) => one.split('=')[0])).toEqual(['own', 'empty']);
    for (const name of [
      'strict-transport-security',
      'alt-svc',
      'x-porchlight-error',
      'x-porchlight-person',
    ]) {
      expect(answer.headers[name], name).toBeUndefined();
    }
    const cookies = `${alice.cookie}; ${alice.visit}; own=1; __Host-porchlight-state=x`;
    const seen = await ask(host, '/echo', {
      headers: { cookie: cookies, 'X-Porchlight-Person': 'alice', x_porchlight_role: 'owner' },
    });
    expect(JSON.parse(seen.body).headers.cookie).toBe('own=1');
    expect(seen.body).not.toMatch(/alice|owner/);
    // A token that opened the way is not shown either.
    const token = await ask(`tok--robot.${DOMAIN}`, '/echo', {
      headers: { authorization: `Bearer ${alice.person.token}` },
    });
    expect(token.body).not.toContain(alice.person.token);

    // The relay's own paths never reach the device, so that no service worker of its can stand above them.
    for (const path of ['/.porchlight/sw.js', '/.porchlight/', '/.porchlight/sign-on?code=x&return=/']) {
      const own = await ask(host, path);
      expect([404, 410], path).toContain(own.status);
      expect(own.body, path).not.toContain('"pid"');
    }
    for (const to of ['//evil.example/', 'https://evil.example/', '/\\evil.example']) {
      const open = await ask(DOMAIN, `/sign-on?host=${host}&state=s&return=${encodeURIComponent(to)}`, {
        headers: { cookie: alice.cookie },
      });
      expect(open.status, to).toBe(400);
    }
    for (const target of [
      'evil.example',
      `${DOMAIN}.evil.example`,
      DOMAIN,
      `x.${DOMAIN}`,
      `a--b.c.${DOMAIN}`,
    ]) {
      const open = await ask(DOMAIN, `/sign-on?host=${target}&state=s&return=/`, {
        headers: { cookie: alice.cookie },
      });
      expect(open.status, target).toBe(400);
    }
    // What a page of another host makes a signed-in browser send.
    for (const headers of [
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: `http://pub--meter.${DOMAIN}` },
      { origin: `http://pub--meter.${DOMAIN}` },
    ]) {
      const cross = await ask(`web--robot.${DOMAIN}`, '/', {
        method: 'POST',
        headers: { ...headers, cookie: alice.visit },
      });
      expect([cross.status, JSON.parse(cross.body).code]).toEqual([403, 'cross_site']);
    }
  });
});

/** A path with its parameters in place. */
function filled(path: string, names: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'missing');
}

/** The blob of an Ed25519 public key (RFC 8709 §4) that nobody has the private half of. */
function newKeyBlob(): Buffer {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return Buffer.concat([field(Buffer.from('ssh-ed25519')), field(randomBytes(32))]);
}
