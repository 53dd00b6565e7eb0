import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import secureHttp from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPorchlight, startPorchlight, startTestRelay, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startProxy } from './proxy-rig.ts';

/** No loopback name, so that a proxy is asked for it, and only the test's proxy can resolve it. */
const DOMAIN = 'relay.test';
const TLS = 22;

let relay: TestRelay;
let folder: string;
let origin: http.Server;
let https: number;
const ann = { name: 'ann', password: randomBytes(12).toString('hex') };
let deviceId: string;

beforeAll(async () => {
  relay = await startTestRelay({ domain: DOMAIN });
  https = relay.relay.ports.https!;
  folder = await mkdtemp(join(tmpdir(), 'porchlight-mqtt-proxy-'));
  origin = http.createServer((req, res) => res.end(`local ${req.url}`));
  await once(origin.listen(0, '127.0.0.1'), 'listening');
  await relay.relay.accounts.create({ name: 'test', address: undefined }, { ...ann, role: 'admin' });
  await writeFile(join(folder, 'ca.pem'), (await call('GET', '/install/ca.pem')).body);
  const key = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), randomBytes(32)]);
  const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
  deviceId = JSON.parse((await asAnn('POST', '/api/devices', { name: 'shed', publicKey })).body).id;
  const made = await asAnn('POST', `/api/devices/${deviceId}/mqtt-credentials`, { name: 'agent' });
  await writeFile(join(folder, 'password'), JSON.parse(made.body).password);
});

afterAll(async () => {
  await relay.close();
  origin.close();
  origin.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** A call to the relay on this machine, under its own name. */
async function call(method: string, path: string, json?: unknown, cookie?: string, host = DOMAIN) {
  const sent = secureHttp.request({
    ...{ host: '127.0.0.1', port: https, method, path, servername: host, agent: false },
    rejectUnauthorized: false,
    headers: {
      ...{ host: `${host}:${https}`, origin: `https://${host}:${https}` },
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
    },
  });
  sent.end(json === undefined ? undefined : JSON.stringify(json));
  const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  return { status: answer.statusCode, headers: answer.headers, body };
}

let cookie: string | undefined;
async function asAnn(method: string, path: string, json?: unknown) {
  cookie ??= (await call('POST', '/api/sign-in', ann)).headers['set-cookie']?.[0]?.split(';')[0];
  return call(method, path, json, cookie);
}

describe.each([
  ['mqtts://', () => `mqtts://${DOMAIN}:${relay.relay.ports.mqtts}`],
  ['wss://…/mqtt', () => `wss://${DOMAIN}:${https}/mqtt`],
])('through a CONNECT proxy, %s', (_words, urlOf) => {
  // Six programs one after the other, on a machine that may have other work.
  it('is set up, examined and served over from the command line', { timeout: 120_000 }, async () => {
    const url = urlOf();
    const allowed = Number(new URL(url).port);
    const proxy = await startProxy(
      DOMAIN,
      (port) => port === allowed,
      (_port, first) => first === TLS,
    );
    onTestFinished(() => proxy.close());
    const data = await mkdtemp(join(folder, 'agent-'));
    const env = { PORCHLIGHT_DATA: data, HTTPS_PROXY: proxy.url };
    const run = (...args: string[]) => runPorchlight(['agent', ...args], { env });
    const given = ['--user', 'shed', '--ca', join(folder, 'ca.pem'), '--password-file'];
    await writeFile(join(folder, 'wrong'), 'plm_wrong');
    const wrong = await run('via', 'mqtt', url, ...given, join(folder, 'wrong'));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('user or password is wrong') });
    const set = await run('via', 'mqtt', url, ...given, join(folder, 'password'));
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('The relay lets shed in.') });
    expect(await readFile(join(data, 'agent.yaml'), 'utf8')).not.toContain('plm_');
    const { port } = origin.address() as AddressInfo;
    expect((await run('expose', 'web', `http://127.0.0.1:${port}`)).code).toBe(0);
    const agent = startPorchlight(['agent', 'run', '--settings', 'off'], { env });
    onTestFinished(() => agent.stop().then(() => undefined));
    await agent.json((line) => line['msg'] === 'link up');
    const offered = async (): Promise<unknown> =>
      JSON.parse((await asAnn('GET', `/api/devices/${deviceId}`)).body).services[0]?.offered;
    await expect.poll(offered, { timeout: 15_000 }).toBe(true);
    await asAnn('PATCH', `/api/devices/${deviceId}/services/web`, { access: 'public' });
    const answer = await call('GET', '/x', undefined, undefined, `web--shed.${DOMAIN}`);
    expect(answer).toMatchObject({ status: 200, body: 'local /x' });
    expect(new Set(proxy.tunnels)).toEqual(new Set([allowed]));
    const examined = await run('doctor', '--json');
    const findings = JSON.parse(examined.stdout) as { what: string; result: string; detail: string }[];
    expect(findings.filter(({ result }) => result === 'failed')).toEqual([]);
    const name = findings.find(({ what }) => what === 'name of the broker');
    expect(name?.detail).toBe(`${DOMAIN} is left to the proxy at 127.0.0.1:${new URL(proxy.url).port}`);
  });
});

it('a proxy that says no is named', async () => {
  const proxy = await startProxy(
    DOMAIN,
    () => false,
    () => false,
  );
  onTestFinished(() => proxy.close());
  const env = { PORCHLIGHT_DATA: await mkdtemp(join(folder, 'agent-')), HTTPS_PROXY: proxy.url };
  const set = await runPorchlight(
    [
      'agent',
      'via',
      'mqtt',
      `mqtts://${DOMAIN}`,
      '--user',
      'shed',
      '--password-file',
      join(folder, 'password'),
    ],
    { env },
  );
  expect(set.code).not.toBe(0);
  expect(set.stderr).toContain(`the proxy refused to connect to ${DOMAIN}:8883 (403)`);
});
