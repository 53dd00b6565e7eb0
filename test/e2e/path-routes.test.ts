import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PathCheck } from '@porchlight/protocol/api';
import {
  type Answer,
  type Ask,
  curl,
  openWebSocket,
  requireProgram,
  runProgram,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
  takeWebSockets,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const PATHS = 'paths.localhost';

/** A small web program: says what it was asked, and answers with the fields that `?say=` names. */
async function startProgram() {
  const pages = new Map<
    string,
    { type: string; body: string; status?: number; fields?: Record<string, string | string[]> }
  >();
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const url = new URL(req.url ?? '/', 'http://program');
    const say = url.searchParams.get('say');
    const page = pages.get(url.pathname);
    const fields: [string, string | string[]][] = say === null ? [] : JSON.parse(say);
    for (const [name, value] of fields) res.setHeader(name, value);
    res.statusCode = fields.some(([name]) => name === 'Location') ? 302 : 200;
    if (page !== undefined) {
      res.writeHead(page.status ?? 200, { 'content-type': page.type, ...page.fields });
    }
    res.end(page?.body ?? JSON.stringify({ method: req.method, url: req.url, headers: req.headers }));
  };
  const server = createServer(answer);
  takeWebSockets(server, (path, message) => `${path} said ${message}`);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { pages, port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const say = (...fields: [string, string | string[]][]): string =>
  `say=${encodeURIComponent(JSON.stringify(fields))}`;

describe('services under a path', () => {
  let relay: TestRelay;
  let alice: TestPerson;
  let bob: TestPerson;
  let robot: TestDevice;
  let program: Awaited<ReturnType<typeof startProgram>>;

  const set = async (options: Record<string, string> = {}): Promise<void> => {
    program = await startProgram();
    relay = await startTestRelay({ insecurePathsForMembers: 'true', ...options });
    alice = await relay.person('alice', 'admin');
    bob = await relay.person('bob');
    robot = await relay.device(alice, 'robot', { web: `http://127.0.0.1:${program.port}` });
  };
  const unset = async (): Promise<void> => {
    await relay.close();
    program.close();
  };
  const add = (who: TestPerson, device: TestDevice, prefix: string, strip = false): Promise<Answer> =>
    who.api('POST', `/api/devices/${device.id}/paths`, { service: 'web', prefix, strip });
  const mode = (access: string): Promise<Answer> =>
    alice.api('PATCH', `/api/devices/${robot.id}/services/web`, { access });
  const at = (path: string, ask: Ask = {}): Promise<Answer> => relay.visit(PATHS, path, ask);

  describe('on the host for paths', () => {
    beforeAll(async () => {
      await set();
      await mode('public');
      expect((await add(alice, robot, '/zumi01')).status).toBe(201);
      expect((await add(alice, robot, '/bare', true)).status).toBe(201);
      expect((await add(alice, robot, '/zumi01/deep/er', true)).status).toBe(201);
    });
    afterAll(unset);

    it('the device gets the path as it is, and the host that the visitor named', async () => {
      const seen = JSON.parse(
        (await at('/zumi01/tree?x=%2f', { headers: { 'x-forwarded-prefix': '/evil' } })).body,
      );
      expect(seen.url).toBe('/zumi01/tree?x=%2f');
      expect(seen.headers.host).toBe(`${PATHS}:${relay.port}`);
      expect(seen.headers['x-forwarded-prefix']).toBeUndefined();
    });

    it('or without the prefix, and is told which it was', async () => {
      const headers = { 'x-forwarded-prefix': '/evil', x_script_name: '/evil', 'X-Script-Name': '/evil' };
      const seen = JSON.parse((await at('/bare/a%20b/?q=1', { headers })).body);
      expect(seen.url).toBe('/a%20b/?q=1');
      expect(seen.headers['x-forwarded-prefix']).toBe('/bare');
      expect(seen.headers['x-script-name']).toBe('/bare');
      expect(JSON.stringify(seen.headers)).not.toContain('evil');
      expect(JSON.parse((await at('/zumi01/deep/er/x')).body).url).toBe('/x');
      expect(JSON.parse((await at('/zumi01/deep/erx')).body).url).toBe('/zumi01/deep/erx');
    });

    it.each([
      '/zumi01/../bare/',
      '/zumi01/%2e%2e/x',
      '/zumi01%2fx',
      '/zumi01//x',
      '/zumi01;x/',
      '/zumi01/\\x',
    ])('a path that two programs could read in two ways is refused: %s', async (path) => {
      const answer = await at(path);
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'ambiguous_path']);
    });

    it.each([
      '/',
      '/none',
      '/ZUMI01/',
      '/zumi0',
      '/zumi011/',
      '/.well-known/porchlight',
      '/api/me',
      '/sign-in',
    ])('nothing is at %s', async (path) => {
      expect((await at(path)).status).toBe(404);
    });

    it('the prefix alone leads to its page, for what reads', async () => {
      const found = await at('/zumi01?x=1');
      expect([found.status, found.headers.location]).toEqual([308, '/zumi01/?x=1']);
      expect(JSON.parse((await at('/bare', { method: 'POST' })).body)).toMatchObject({
        method: 'POST',
        url: '/',
      });
    });

    it('answers are put below a prefix that was removed, and left where it was not', async () => {
      const fields = say(
        ['Location', '/login?next=/'],
        ['Content-Location', `http://${PATHS}:${relay.port}/doc`],
        ['Refresh', '3; url=/x'],
        [
          'Set-Cookie',
          ['a=1; Path=/', 'b=2; Path=/; Domain=localhost', '__Host-porchlight-visit=x; Path=/', 'c=3'],
        ],
        ['Service-Worker-Allowed', '/'],
      );
      const stripped = (await at(`/bare/x?${fields}`)).headers;
      expect(stripped).toMatchObject({
        location: '/bare/login?next=/',
        'content-location': `http://${PATHS}:${relay.port}/bare/doc`,
        refresh: '3; url=/bare/x',
        'set-cookie': ['a=1; Path=/bare/', 'c=3'],
        'service-worker-allowed': '/bare/',
      });
      const kept = (await at(`/zumi01/x?${fields}`)).headers;
      expect(kept).toMatchObject({ location: '/login?next=/', refresh: '3; url=/x' });
      expect(kept['set-cookie']).toEqual(['a=1; Path=/zumi01/', 'c=3']);
      expect(kept['service-worker-allowed']).toBeUndefined();
    });

    it('WebSockets work in both modes', async () => {
      for (const [path, url] of [
        ['/zumi01/api/kernels/1/channels', '/zumi01/api/kernels/1/channels'],
        ['/bare/ws', '/ws'],
      ] as const) {
        const socket = await openWebSocket({ port: relay.port, host: PATHS, path });
        expect(String(await socket.ask('hello'))).toBe(`${url} said hello`);
        expect(await socket.close(1000)).toBe(1000);
      }
      await expect(openWebSocket({ port: relay.port, host: PATHS, path: '/none/ws' })).rejects.toThrow(/404/);
    });

    it('over HTTP/2 with the relay’s own certificate, as curl sees it', async () => {
      const ca = join(relay.data, 'ca.pem');
      await writeFile(ca, (await relay.visit('localhost', '/install/ca.pem')).body);
      const host = `${PATHS}:${relay.relay.ports.https}`;
      const answer = await curl([
        '--http2',
        '--cacert',
        ca,
        '--resolve',
        `${host}:127.0.0.1`,
        `https://${host}/bare/x`,
      ]);
      expect([answer.error, answer.status, answer.version]).toEqual(['', 200, '2']);
      expect(JSON.parse(answer.body)).toMatchObject({
        url: '/x',
        headers: { host, 'x-forwarded-proto': 'https' },
      });
    });

    it('a changed mode, and a removed route, hold at once', async () => {
      const made = JSON.parse((await add(alice, robot, '/later')).body);
      expect(made.url).toBe(`http://${PATHS}:${relay.port}/later/`);
      expect(JSON.parse((await at('/later/x')).body).url).toBe('/later/x');
      await alice.api('PATCH', `/api/paths/${made.id}`, { strip: true });
      expect(JSON.parse((await at('/later/x')).body).url).toBe('/x');
      const device = JSON.parse((await alice.api('GET', `/api/devices/${robot.id}`)).body);
      expect(device.services[0].paths).toContainEqual({
        id: made.id,
        prefix: '/later',
        strip: true,
        url: made.url,
      });
      expect((await alice.api('DELETE', `/api/paths/${made.id}`)).status).toBe(204);
      expect((await at('/later/x')).status).toBe(404);
    });

    it('refuses what can be no prefix, what is the console’s, and what is no http service', async () => {
      const refused = async (body: object): Promise<unknown> =>
        JSON.parse(
          (await alice.api('POST', `/api/devices/${robot.id}/paths`, { service: 'web', ...body })).body,
        ).code;
      for (const prefix of [
        'zumi',
        '/a/',
        '/a/../b',
        '/api',
        '/Settings/x',
        '/.porchlight',
        '/%61',
        '/a b',
      ]) {
        expect(await refused({ prefix }), prefix).toBe('bad_request');
      }
      expect(await refused({ prefix: '/x', service: 'none' })).toBe('not_found');
      expect(await refused({ prefix: '/zumi01' })).toBe('name_taken');
    });

    it("another's prefix is neither got at nor told from none", async () => {
      const meter = await relay.device(bob, 'meter', { web: `http://127.0.0.1:${program.port}` });
      expect((await add(bob, meter, '/meter')).status).toBe(201);
      for (const prefix of ['/zumi01', '/Zumi01/below', '/meter/x/../y']) {
        expect([400, 409], prefix).toContain((await add(bob, meter, prefix)).status);
      }
      const cookie = await signOn(alice, '/zumi01/');
      const told = async (path: string): Promise<unknown> => {
        const { status, body, headers } = await at(path, { headers: { cookie, accept: 'text/html' } });
        return { status, body, headers: { ...headers, date: undefined } };
      };
      expect(await told('/meter/')).toEqual(await told('/nothing/'));
      expect(await told('/meter')).toEqual(await told('/nothing'));
      const { id } = JSON.parse((await bob.api('GET', `/api/devices/${meter.id}/paths`)).body).items[0];
      for (const [method, body] of [
        ['PATCH', { strip: true }],
        ['DELETE', undefined],
      ] as const) {
        expect((await alice.api(method, `/api/paths/${id}`, body)).status).toBe(404);
      }
    });
  });

  describe('a check', () => {
    beforeAll(() => set());
    afterAll(unset);
    const check = async (wish: object): Promise<PathCheck> => {
      const answer = await alice.api('POST', `/api/devices/${robot.id}/services/web/check`, wish);
      if (answer.status !== 200) throw new Error(answer.body);
      return JSON.parse(answer.body);
    };
    const found = ({ findings }: PathCheck): string[] =>
      findings.map(({ severity, kind, evidence }) => `${severity} ${kind} ${evidence}`);

    it('says what breaks, with where it was seen and what helps', async () => {
      program.pages.set('/', {
        type: 'text/html; charset=utf-8',
        body: `<!doctype html><title>Robot</title><link rel="stylesheet" href="style.css"><a href="/about">A</a>
          <a href="relative">ok</a><img src="http://192.168.1.7/cam.jpg"><form action="/go"></form>
          <script src="app.js"></script><script>new WebSocket('ws://' + location.host + '/live')</script>
          <a href="https://elsewhere.example/">ok</a><!-- <a href="/comment"> -->`,
      });
      program.pages.set('/app.js', {
        type: 'text/javascript',
        body: "fetch('/api/state');navigator.serviceWorker.register('/sw.js');fetch('relative');",
      });
      program.pages.set('/style.css', { type: 'text/css', body: 'body{background:url(/bg.png)}' });
      const result = await check({ prefix: '/robot', strip: true });
      expect(found(result)).toEqual([
        'breaks link <a href="/about">',
        'breaks local-address <img src="http://192.168.1.7/cam.jpg">',
        'breaks form <form action="/go">',
        "breaks socket location.host + '/live",
        'breaks style url(/bg.png)',
        "may-break worker serviceWorker.register('/sw.js",
        "may-break script fetch('/api/state",
      ]);
      expect(result).toMatchObject({ ok: false, status: 200, prefix: '/robot', strip: true });
      expect(result.fetched).toEqual(['/robot/', '/robot/style.css', '/robot/app.js']);
      expect(result.findings.find(({ kind }) => kind === 'style')?.where).toBe('/robot/style.css');
      expect(result.findings[0]?.advice).toContain('/robot/');
    });

    it('says that a program does not know its prefix, and how Jupyter is told', async () => {
      program.pages.set('/', {
        type: 'text/html',
        body: '<title>Home Page - Select or create a notebook</title><body data-base-url="/">',
      });
      program.pages.set('/zumi01/', { type: 'text/html', body: 'not here', status: 404 });
      const route = JSON.parse((await add(alice, robot, '/zumi01')).body);
      const answer = await alice.api('POST', `/api/paths/${route.id}/check`);
      const result: PathCheck = JSON.parse(answer.body);
      expect(found(result)).toEqual(['breaks not-there HTTP 404']);
      expect(result).toMatchObject({ ok: false, status: 404, fetched: ['/zumi01/', '/'] });
      expect(result.preset).toMatchObject({ id: 'jupyter', strip: false });
      expect(result.preset?.steps.join(' ')).toContain("c.ServerApp.base_url = '/zumi01/'");
    });

    it('says where redirects and cookies go, and looks where they lead', async () => {
      program.pages.set('/robot/', {
        ...{ type: 'text/html', body: '', status: 302 },
        fields: { location: '/login', 'set-cookie': ['__Host-s=1; Path=/; Secure', 'a=1; Path=/'] },
      });
      expect(found(await check({ prefix: '/robot' }))).toEqual([
        'breaks redirect Location: /login',
        'breaks cookie Set-Cookie: __Host-s; Path=/; Secure',
        'note cookie Set-Cookie: a; Path=/',
      ]);
      program.pages.set('/', { type: 'text/html', body: '', status: 302, fields: { location: '/login' } });
      program.pages.set('/login', { type: 'text/html', body: '<a href="/">home</a>' });
      const stripped = await check({ prefix: '/robot', strip: true });
      expect(stripped.fetched).toEqual(['/robot/', '/robot/login']);
      expect(found(stripped)).toEqual(['breaks link <a href="/">']);
      program.pages.set('/login', { type: 'text/html', body: '', status: 302, fields: { location: '/' } });
      expect(found(await check({ prefix: '/robot', strip: true }))).toEqual([
        'breaks redirect more than 5 redirects',
      ]);
    });

    it('is made and paths are kept by an operator over SSH', async () => {
      const ssh = await requireProgram('ssh', 'openssh-client');
      if (ssh.path === undefined) return;
      const folder = await mkdtemp(join(tmpdir(), 'porchlight-operator-'));
      const key = join(folder, 'key');
      await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      await alice.api('POST', '/api/me/ssh-keys', { publicKey: await readFile(`${key}.pub`, 'utf8') });
      const say = (...words: string[]) =>
        runProgram(ssh.path ?? '', [
          ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
          ...['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-i', key, '-p', String(relay.relay.ports.ssh)],
          ...['operator@127.0.0.1', ...words],
        ]);
      program.pages.set('/op/', {
        type: 'text/html',
        body: '<title>Node-RED</title><a href="/\x1b[31mred">',
      });
      const checked = await say('check', 'robot/web', '--path', 'op');
      expect(checked.stdout).toMatch(
        /^this breaks under \/op\/:\nbreaks: <a href="\/.{0,8}\[31mred">, in \/op\/\n/,
      );
      expect(checked.stdout).not.toContain('\x1b');
      expect(checked.stdout).toContain('it looks like Node-RED, which needs --mode unchanged');
      expect(await say('paths', 'add', 'robot/web', '/op', '--mode', 'removed')).toEqual({
        ...{ code: 0, stderr: '', stdout: `http://${PATHS}:${relay.port}/op/\n` },
      });
      const { stdout } = await say('paths', '--json');
      expect(JSON.parse(stdout)).toContainEqual(
        expect.objectContaining({ prefix: '/op', strip: true, device: 'robot', service: 'web' }),
      );
      expect((await say('paths')).stdout).toMatch(/\/op +robot\/web +removed/);
      expect((await say('paths', 'end', '/op')).stdout).toBe('/op has ended\n');
      expect(await say('paths', 'end', '/op')).toMatchObject({ code: 2 });
      await rm(folder, { recursive: true });
    });

    it('is refused for what the console has, what is offline, and what another has', async () => {
      const of = async (who: TestPerson, wish: object): Promise<unknown> =>
        JSON.parse((await who.api('POST', `/api/devices/${robot.id}/services/web/check`, wish)).body).code;
      expect(await of(alice, { prefix: '/api' })).toBe('bad_request');
      expect(await of(bob, { prefix: '/robot' })).toBe('not_found');
      await robot.stop();
      expect(await of(alice, { prefix: '/robot' })).toBe('device_offline');
    });
  });

  /** Signs on at the host for paths, as a browser does. */
  async function signOn(who: TestPerson, path: string, host = PATHS): Promise<string> {
    await mode('login');
    const begun = await relay.visit(host, path, { headers: { accept: 'text/html' } });
    const state = begun.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const console = new URL(begun.headers.location ?? '');
    const code = await relay.visit('localhost', `${console.pathname}${console.search}`, {
      headers: { cookie: who.cookie },
    });
    const back = new URL(code.headers.location ?? '');
    expect(back.host).toBe(`${host}:${relay.port}`);
    const done = await relay.visit(host, `${back.pathname}${back.search}`, { headers: { cookie: state } });
    expect(done.headers.location).toBe(path);
    return done.headers['set-cookie']?.find((one) => one.includes('visit='))?.split(';')[0] ?? '';
  }

  describe('who may open them', () => {
    beforeEach(async () => {
      await set();
      await add(alice, robot, '/zumi01');
    });
    afterEach(unset);

    it('the owner after a sign-on, others not', async () => {
      const cookie = await signOn(alice, '/zumi01/tree');
      const seen = JSON.parse((await at('/zumi01/', { headers: { cookie: `${cookie}; own=1` } })).body);
      expect(seen.headers.cookie).toBe('own=1');
      expect(seen.headers['x-porchlight-person']).toBe('alice');
      const others = await signOn(bob, '/zumi01/');
      expect((await at('/zumi01/', { headers: { cookie: others } })).status).toBe(404);
      expect((await at('/zumi01', { headers: { cookie: others } })).status).toBe(404);
      expect((await at('/zumi01')).status).toBe(401);
    });

    it('users by password, with a realm for each prefix, through curl', async () => {
      const users = `/api/devices/${robot.id}/services/web/users`;
      expect((await alice.api('PUT', `${users}/ann`, { password: 'robot wheels' })).status).toBe(200);
      expect((await alice.api('PUT', `${users}/b%C3%B6rk%20%2F`, { password: 'other wheels' })).status).toBe(
        200,
      );
      await mode('basic');
      const url = `http://${PATHS}:${relay.port}/zumi01/`;
      const get = (...args: string[]) =>
        curl(['--resolve', `${PATHS}:${relay.port}:127.0.0.1`, ...args, url]);
      const asked = await get();
      expect(asked.status).toBe(401);
      expect(asked.headers['www-authenticate']?.[0]).toContain('Basic realm="Porchlight /zumi01"');
      expect((await get('-u', 'ann:robot wheels')).status).toBe(200);
      expect((await get('-u', 'börk /:other wheels')).status).toBe(200);
      expect((await get('-u', 'ann:other wheels')).status).toBe(401);
      const seen = JSON.parse((await get('-u', 'ann:robot wheels')).body);
      expect(seen.headers.authorization).toBeUndefined();
      expect((await alice.api('DELETE', `${users}/ann`)).status).toBe(200);
      expect((await get('-u', 'ann:robot wheels')).status).toBe(401);
      expect((await alice.api('DELETE', `${users}/b%C3%B6rk%20%2F`)).status).toBe(409);
      const { items } = JSON.parse((await alice.api('GET', '/api/audit?action=service.users-changed')).body);
      expect(items.map((one: { detail: object }) => one.detail)).toEqual([
        { user: 'ann', change: 'removed' },
        { user: 'börk /', change: 'added' },
        { user: 'ann', change: 'added' },
      ]);
    });
  });

  describe('where the owner accepts the risk', () => {
    beforeAll(async () => {
      await set({ insecurePathsOnConsole: 'true', pathsHost: 'off' });
      await add(alice, robot, '/zumi01');
    });
    afterAll(unset);

    it('paths are on the console’s host, whose cookie never reaches the device', async () => {
      const cookie = await signOn(alice, '/zumi01/', 'localhost');
      const both = { cookie: `${alice.cookie}; ${cookie}; own=1` };
      const seen = JSON.parse((await relay.visit('localhost', '/zumi01/x', { headers: both })).body);
      expect([seen.url, seen.headers.cookie]).toEqual(['/zumi01/x', 'own=1']);
      // The console's session alone opens no device.
      expect((await relay.visit('localhost', '/zumi01/', { headers: { cookie: alice.cookie } })).status).toBe(
        401,
      );
      expect((await at('/zumi01/')).status).toBe(404);
    });

    it('the console’s own paths stay its own', async () => {
      for (const path of ['/', '/sign-in', '/api/openapi.json', '/healthz', '/zumi01/../api/openapi.json']) {
        const { body } = await relay.visit('localhost', path);
        expect(body, path).not.toContain('"method":"GET","url"');
      }
      expect((await relay.visit('localhost', '/api/me', { headers: { cookie: alice.cookie } })).status).toBe(
        200,
      );
      const device = await relay.visit(
        'localhost',
        `/zumi01/x?${say(['Set-Cookie', ['porchlight=stolen; Path=/', '__Host-porchlight=x; Path=/; Secure', 'a=1; Path=/']])}`,
        { headers: { cookie: await signOn(alice, '/zumi01/', 'localhost') } },
      );
      expect(device.headers['set-cookie']).toEqual(['a=1; Path=/zumi01/']);
    });
  });

  it('plain HTTP leads to HTTPS, path and all', async () => {
    const strict = await startTestRelay({ domain: 'relay.example', httpsPublicPort: '443' });
    try {
      const answer = await strict.visit('paths.relay.example', '/zumi01/tree?x=1');
      expect([answer.status, answer.headers.location]).toEqual([
        308,
        'https://paths.relay.example/zumi01/tree?x=1',
      ]);
    } finally {
      await strict.close();
    }
  });

  it('members do not publish under paths unless the owner lets them', async () => {
    await set({ insecurePathsForMembers: 'false' });
    try {
      const meter = await relay.device(bob, 'meter', { web: `http://127.0.0.1:${program.port}` });
      const refused = await add(bob, meter, '/meter');
      expect([refused.status, JSON.parse(refused.body).code]).toEqual([403, 'forbidden']);
      expect((await add(alice, robot, '/robot')).status).toBe(201);
    } finally {
      await unset();
    }
  });

  it('nowhere when they are off', async () => {
    await set({ pathsHost: 'off' });
    try {
      expect((await add(alice, robot, '/zumi01')).status).toBe(400);
      expect((await at('/zumi01/')).status).toBe(404);
      expect(JSON.parse((await alice.api('GET', '/api/me')).body).relay.paths).toBeUndefined();
    } finally {
      await unset();
    }
  });
});
