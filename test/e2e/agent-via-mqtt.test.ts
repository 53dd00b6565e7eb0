import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  type Agent,
  AgentConfigFile,
  type Finding,
  linkViaMqtt,
  readBroker,
  runDoctor,
  silentLogger,
  startAgent,
} from '@porchlight/agent';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOST = 'web--shed.localhost';

type Ports = TestRelay['relay']['ports'];

/** The ways to the broker, as addresses. */
const WAYS: readonly (readonly [string, (ports: Ports) => string])[] = [
  ['TCP', ({ mqtt }) => `mqtt://127.0.0.1:${mqtt}`],
  ['TLS', ({ mqtts }) => `mqtts://localhost:${mqtts}`],
  ['TLS on the HTTPS port', ({ https }) => `mqtts://localhost:${https}`],
  ['a WebSocket', ({ http: port }) => `ws://localhost:${port}/mqtt`],
  ['a WebSocket over TLS', ({ https }) => `wss://localhost:${https}/mqtt`],
];

describe.each(WAYS)('an agent that links by MQTT alone, over %s', (_way, urlOf) => {
  let relay: TestRelay;
  let ann: TestPerson;
  let origin: http.Server;
  let agent: Agent;
  let folder: string;
  let id: string;

  beforeAll(async () => {
    relay = await startTestRelay();
    ann = await relay.person('ann', 'admin');
    origin = http.createServer((req, res) => {
      if (req.url === '/echo') req.pipe(res);
      else if (req.url === '/cut') res.write('half', () => res.destroy());
      else if (req.url === '/stream') res.write('first');
      else res.end(`${req.method} ${req.url} for ${req.headers.host}`);
      if (req.url === '/stream') res.on('close', () => origin.emit('left'));
    });
    await once(origin.listen(0, '127.0.0.1'), 'listening');
    folder = await mkdtemp(join(tmpdir(), 'porchlight-mqtt-agent-'));
    const key = Buffer.concat([
      Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
      randomBytes(32),
    ]);
    const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
    const made = await ann.api('POST', '/api/devices', { name: 'shed', publicKey });
    id = JSON.parse(made.body).id;
    const credential = await ann.api('POST', `/api/devices/${id}/mqtt-credentials`, { name: 'agent' });
    const passwordFile = join(folder, 'given');
    await writeFile(passwordFile, `${JSON.parse(credential.body).password}\n`);
    const url = urlOf(relay.relay.ports);
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, (await relay.visit('localhost', '/install/ca.pem')).body);
    await linkViaMqtt(folder, await readBroker({ url, user: 'shed', passwordFile, caFile }));
    await new AgentConfigFile(folder).expose('web', {
      target: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
      insecureSkipVerify: false,
    });
    await writeFile(join(folder, 'policy'), 'service web\n  deny * /private/**\n  default allow\n');
    agent = await startAgent({ dataFolder: folder, environment: {}, logger: silentLogger });
    for (let device; device?.link.transport !== 'mqtt' || device.services[0]?.offered !== true; ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      device = JSON.parse((await ann.api('GET', `/api/devices/${id}`)).body);
    }
    await ann.api('PATCH', `/api/devices/${id}/services/web`, { access: 'public' });
  });

  afterAll(async () => {
    await agent?.close();
    await relay?.close();
    origin?.close();
    origin?.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (path: string, method = 'GET', body?: Buffer): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { host: `${HOST}:${relay.port}` };
      const options = { host: '127.0.0.1', port: relay.port, path, method, headers, agent: false };
      http.request(options, resolve).on('error', reject).end(body);
    });

  it('serves what it exposes, by the rules of the device, which notes who asked', async () => {
    const answer = await ask('/hello?x=1');
    expect(answer.statusCode).toBe(200);
    expect((await buffer(answer)).toString()).toMatch(/^GET \/hello\?x=1 for /);
    expect((await ask('/private/x')).statusCode).toBe(403);
    await expect
      .poll(() => readFile(join(folder, 'audit.log'), 'utf8'), { timeout: 15_000 })
      .toContain('/private/x');
  });

  it('takes and gives large bodies, several at once', async () => {
    const bodies = [1, 100_000, 3_000_000].map((size) => randomBytes(size));
    const echoed = await Promise.all(bodies.map(async (body) => buffer(await ask('/echo', 'POST', body))));
    for (const [n, body] of bodies.entries()) expect(echoed[n]?.equals(body)).toBe(true);
  });

  it('streams, tells the service when nobody listens any more, and breaks off where the service does', async () => {
    const answer = await ask('/stream');
    const [first] = (await once(answer, 'data')) as [Buffer];
    expect(first.toString()).toBe('first');
    const left = once(origin, 'left');
    answer.destroy();
    await left;
    const cut = await ask('/cut');
    await expect(buffer(cut)).rejects.toThrow('aborted');
  });

  it('says that it is paused', async () => {
    await agent.setPaused(true);
    expect((await ask('/')).statusCode).toBe(503);
    await agent.setPaused(false);
    expect(agent.status().link).toMatchObject({ state: 'up', transport: 'mqtt' });
  });

  it('passes its own examination', async () => {
    const findings: Finding[] = [];
    for await (const one of runDoctor({ dataFolder: folder, environment: {} })) findings.push(one);
    const passed = findings.filter(({ result }) => result === 'ok').map(({ what }) => what);
    const steps = [
      'name of the broker',
      'port of the broker',
      'credentials',
      'broker',
      'round trip',
      'agent',
    ];
    expect(passed).toEqual(expect.arrayContaining(steps));
    const { protocol } = new URL(urlOf(relay.relay.ports));
    expect(passed.includes('TLS of the broker')).toBe(protocol === 'mqtts:' || protocol === 'wss:');
    expect(passed.includes('WebSocket of the broker')).toBe(protocol.startsWith('ws'));
    expect(findings.filter(({ result }) => result === 'failed')).toEqual([]);
  });

  it('answers a probe', async () => {
    const probe = await ann.api('POST', `/api/devices/${id}/services/web/probe`);
    expect(JSON.parse(probe.body)).toMatchObject({ ok: true });
  });
});
