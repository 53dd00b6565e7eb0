import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Origin,
  openWebSocket,
  type ProcessPerson,
  type ProcessRelay,
  runProgram,
  startOrigin,
  startProcessRelay,
  until,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOST = 'web--robot.home.localhost';

describe('the access log', () => {
  let folder: string;
  let relay: ProcessRelay;
  let owner: ProcessPerson;
  let origin: Origin;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-access-'));
    origin = await startOrigin();
    relay = await startProcessRelay({
      flags: ['--access-log', join(folder, 'access.log'), '--access-log-format', 'json'],
      env: { PORCHLIGHT_ACCESS_LOG_MAX_MEGABYTES: '1', PORCHLIGHT_ACCESS_LOG_KEEP: '2' },
    });
    owner = await relay.person('alice');
    const device = await relay.device(owner, 'robot', { web: `http://127.0.0.1:${origin.http}` });
    const change = { access: 'basic', basicUser: 'guest', basicPassword: 'a few plain words' };
    const changed = await owner.api('PATCH', `/api/devices/${device.id}/services/web`, change);
    expect(changed.status, changed.body).toBe(200);
  });

  afterAll(async () => {
    await relay?.close();
    await origin?.program.stop();
    await rm(folder, { recursive: true, force: true });
  });

  type Line = Record<string, unknown>;
  const text = (name = 'access.log'): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');
  /** The line of the request with this mark in its path, once it is written. */
  const lineOf = async (mark: string, name?: string): Promise<Line> => {
    let found: Line | undefined;
    await until(async () => {
      const lines = (await text(name)).split('\n').filter((line) => line.includes(mark));
      expect(lines.length).toBeLessThan(2);
      found = lines[0] === undefined ? undefined : JSON.parse(lines[0]);
      return found !== undefined;
    });
    return found ?? {};
  };
  const guest = ['-u', 'guest:a few plain words'];

  it('has who came, from where, to what, with what outcome', async () => {
    const { body } = await relay.visit(HOST, '/first?x=1', [
      ...guest,
      '-A',
      'a "real" curl',
      '-e',
      'https://e.example/?token=t0',
    ]);
    expect(await lineOf('/first')).toMatchObject({
      ...{ address: '127.0.0.1', user: 'guest', method: 'GET', path: '/first?x=1', protocol: 'HTTP/2.0' },
      ...{ status: 200, bytes: Buffer.byteLength(body), host: `${HOST}:${relay.ports.https}`, secure: true },
      ...{ device: 'robot', service: 'web', userAgent: 'a "real" curl' },
      referer: 'https://e.example/?token=[masked]',
    });
  });

  it('tells HTTP/1.1, HEAD, a refusal, an owner and a visitor who leaves apart', async () => {
    await relay.visit(HOST, '/bytes/1000000', [...guest, '--http1.1', '-o', '/dev/null']);
    await relay.visit(HOST, '/bytes/77', [...guest, '-I']);
    await relay.visit(HOST, '/refused', ['-u', 'guest:wrong']);
    await relay.visit(HOST, '/events', [...guest, '-m', '1']);
    expect(await lineOf('/bytes/1000000')).toMatchObject({
      status: 200,
      bytes: 1_000_000,
      protocol: 'HTTP/1.1',
    });
    expect(await lineOf('/bytes/77')).toMatchObject({ status: 200, bytes: 0, method: 'HEAD' });
    const refused = await lineOf('/refused');
    expect(refused).toMatchObject({ status: 401, device: 'robot' });
    expect(refused['user']).toBeUndefined();
    const left = await lineOf('/events');
    expect(left).toMatchObject({ status: 200, aborted: true });
    expect(left['ms']).toBeGreaterThan(500);
  });

  it('has a WebSocket when it ends', async () => {
    const credentials = Buffer.from('guest:a few plain words').toString('base64');
    const socket = await openWebSocket({
      port: relay.ports.http,
      host: HOST,
      path: '/ws?mark=socket',
      headers: { authorization: `Basic ${credentials}` },
    });
    await socket.ask('x'.repeat(5000));
    expect(await text()).not.toContain('mark=socket');
    await socket.close(1000);
    const line = await lineOf('mark=socket');
    expect(line).toMatchObject({ status: 101, upgrade: true, user: 'guest', protocol: 'HTTP/1.1' });
    expect(line['bytes']).toBeGreaterThan(5000);
  });

  it('holds no password, cookie, token or sign-on code', async () => {
    await relay.visit(HOST, '/secrets?apikey=K3Y1&code=K3Y2', [
      ...guest,
      '-H',
      'Cookie: own=K3Y3',
      '-H',
      `Authorization: Bearer ${owner.token}`,
    ]);
    await relay.visit(HOST, '/.porchlight/sign-on?code=K3Y4&state=K3Y5&return=/%3Fmark=sign');
    await lineOf('/secrets');
    await lineOf('/.porchlight/sign-on');
    const all = await text();
    expect(all).not.toMatch(/K3Y|plain words|plt_|Basic|Z3Vlc3Q6/);
    expect(all).toContain('apikey=[masked]');
  });

  it('is one line a request, whatever is in the request', async () => {
    const strange = ['-g', '-A', 'x\ty \\ “ü”', '-H', 'Referer: "},{"user":"admin"}'];
    await relay.visit(HOST, '/strange/%0a%22%5c?"\'<>{}|', [...guest, ...strange]);
    expect(await lineOf('/strange')).toMatchObject({
      userAgent: 'x\ty \\ “ü”',
      referer: '"},{"user":"admin"}',
    });
    expect(await text()).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('goes on in a new file after logrotate has moved it, with and without SIGHUP', async () => {
    await rename(join(folder, 'access.log'), join(folder, 'moved-1'));
    await relay.visit(HOST, '/after-move', guest);
    await lineOf('/after-move');
    await rename(join(folder, 'access.log'), join(folder, 'moved-2'));
    process.kill(relay.program.pid, 'SIGHUP');
    await relay.visit(HOST, '/after-hup', guest);
    await lineOf('/after-hup');
    expect(await text('moved-2')).toContain('/after-move');
  });

  it('is set aside by size', async () => {
    const long = 'x'.repeat(4000);
    const url = `url = "https://${HOST}:${relay.ports.https}/${long}"\noutput = /dev/null\n`;
    const to = ['--cacert', relay.caFile, '--resolve', `${HOST}:${relay.ports.https}:127.0.0.1`];
    const { code } = await runProgram('curl', ['-q', '-sS', ...to, ...guest, '-K', '-'], {
      input: url.repeat(600),
    });
    expect(code).toBe(0);
    await until(async () => (await readdir(folder)).includes('access.log.1'));
    const setAside = [await text('access.log.1'), await text('access.log.2')];
    expect(setAside.join('')).toContain('/after-hup');
    for (const one of setAside) expect(one.length).toBeLessThan(1_100_000);
  });
});
