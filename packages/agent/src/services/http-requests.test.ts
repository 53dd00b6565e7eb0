import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTarget } from '../config/index.ts';
import { openServiceRig, type RigAnswer, type ServiceRig } from './service-rig.ts';

let rig: ServiceRig;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  rig = await openServiceRig();
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rig.close();
});

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    if (server instanceof http.Server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const web = async (answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> =>
  `http://127.0.0.1:${await listen(http.createServer(answer))}`;

/** A local server that says what it was asked. */
const echo = (): Promise<string> =>
  web((req, res) => res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers })));

/** A local server that speaks no HTTP of its own accord. */
async function raw(onSocket: (socket: Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    ends.push(() => socket.destroy());
    onSocket(socket);
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

const codeOf = (answer: RigAnswer): unknown => {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['x-porchlight-error']).toBe(JSON.parse(answer.body).code);
  return JSON.parse(answer.body).code;
};

describe('requests to an http service', () => {
  it('adds credentials on the device, in place of what the visitor sent, and tells nobody', async () => {
    rig.configure({ web: await echo() });
    rig.setPolicy(
      'service web\n  allow GET /feed/*  add query apikey=$key  add header X-Api-Key=$key\n  default deny\n',
      { key: 'hunter2' },
    );
    const answer = await rig.ask('web', '/feed/list?apikey=mine&id=3', {
      headers: { 'x-api-key': 'mine', x_api_key: 'mine', 'x-porchlight-person': 'ann' },
    });
    const seen = JSON.parse(answer.body);
    expect(new URL(seen.url, 'http://x').searchParams.getAll('apikey')).toEqual(['hunter2']);
    expect(seen.url).toContain('id=3');
    expect(seen.headers['x-api-key']).toBe('hunter2');
    expect(JSON.stringify(seen.headers)).not.toContain('mine');
    expect(JSON.stringify(answer.headers)).not.toContain('hunter2');
    expect(JSON.stringify(rig.audited)).not.toContain('hunter2');
    expect(rig.audited).toMatchObject([{ service: 'web', person: 'ann', decision: 'allow', rule: 2 }]);
  });

  it('refuses what the policy denies, before the local server hears of it', async () => {
    let asked = 0;
    rig.configure({ web: await web((_req, res) => void ((asked += 1), res.end())) });
    rig.setPolicy('service web\n  deny * /admin/**\n  allow GET,POST /**  for person ann\n');
    const denied = await rig.ask('web', '/admin/users', { headers: { 'x-porchlight-person': 'ann' } });
    expect(denied.status).toBe(403);
    expect(codeOf(denied)).toBe('denied_by_device');
    expect((await rig.ask('web', '/')).status).toBe(403);
    const upload = await rig.ask('web', '/admin/x', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(upload.status).toBe(403);
    for (const path of ['/a/../admin', '/a//b', '/%2e%2e/admin', '/a%2fb', '/a;b/c', '/a\\b']) {
      const answer = await rig.ask('web', path, { headers: { 'x-porchlight-person': 'ann' } });
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 400, 'ambiguous_path']);
    }
    expect(asked).toBe(0);
    expect((await rig.ask('web', '/', { headers: { 'x-porchlight-person': 'ann' } })).status).toBe(200);
  });

  it('knows who asks also behind more headers than node:http counts by default', async () => {
    rig.configure({ web: await echo() });
    rig.setPolicy('service web\n  deny * /**  for person mallory\n  default allow\n');
    const many = Array.from({ length: 1_500 }, (_, index) => [`a${index}`, '1']).flat();
    const answer = await rig.ask('web', '/', {
      headers: ['Host', 'web.test', ...many, 'X-Porchlight-Person', 'mallory'],
    });
    expect(answer.status).toBe(403);
  });

  it('puts the base path of the target before each path', async () => {
    rig.configure({ web: `${await echo()}/emoncms` });
    expect(JSON.parse((await rig.ask('web', '/feed?x=1')).body).url).toBe('/emoncms/feed?x=1');
    expect(JSON.parse((await rig.ask('web', '/')).body).url).toBe('/emoncms/');
  });

  it('lets nobody in while the device is paused, and the local server hears nothing', async () => {
    let asked = 0;
    rig.configure({ web: await web((_req, res) => void ((asked += 1), res.end())) });
    rig.paused = true;
    const answer = await rig.ask('web', '/');
    expect(answer.status).toBe(503);
    expect(codeOf(answer)).toBe('device_paused');
    expect(rig.audited).toMatchObject([{ service: 'web', decision: 'deny', reason: 'paused' }]);
    rig.paused = false;
    expect((await rig.ask('web', '/')).status).toBe(200);
    expect(asked).toBe(1);
  });

  it('answers a probe by itself', async () => {
    let asked = 0;
    rig.configure({ web: await web(() => (asked += 1)), down: 'http://127.0.0.1:1' });
    rig.setPolicy('service web\n  default deny\n');
    const probe = { headers: { 'x-porchlight-probe': '1' } };
    expect((await rig.ask('web', '/', probe)).status).toBe(204);
    const down = await rig.ask('down', '/', probe);
    expect(down.status).toBe(502);
    expect(codeOf(down)).toBe('service_unreachable');
    expect(asked).toBe(0);
    expect(rig.audited).toEqual([]);
  });

  it('does not let the local server pose as the agent', async () => {
    rig.configure({
      web: await web((_req, res) =>
        res.writeHead(403, { 'X-Porchlight-Error': 'device_paused' }).end('mine'),
      ),
    });
    const answer = await rig.ask('web', '/');
    expect(answer.status).toBe(403);
    expect(answer.headers['x-porchlight-error']).toBeUndefined();
    expect(answer.body).toBe('mine');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['closes after the request', (socket) => socket.once('data', () => socket.end())],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['answers garbage', (socket) => socket.once('data', () => socket.write('\x00\x01\x02 nonsense\r\n\r\n'))],
    ['answers another protocol', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'answers an endless head',
      (socket) => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1_000_000)}`)),
    ],
  ])('gives 502 for a local server that %s', async (_what, behave) => {
    rig.configure({ web: await raw(behave) });
    const answer = await rig.ask('web', '/');
    expect(answer.status).toBe(502);
    expect(codeOf(answer)).toBe('service_unreachable');
  });

  it('cuts the answer off when the local server closes half way', async () => {
    rig.configure({
      web: await raw((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
      ),
    });
    await expect(rig.ask('web', '/')).rejects.toThrow(/aborted|socket hang up|ECONNRESET/);
  });

  it('passes 900 headers, and cookies one by one', async () => {
    rig.configure({
      web: await web((_req, res) => {
        for (let index = 0; index < 900; index++) res.setHeader(`x${index}`, '1');
        res.setHeader('set-cookie', ['a=1', 'b=2']);
        res.end('many');
      }),
    });
    const answer = await rig.ask('web', '/');
    expect(Object.keys(answer.headers).length).toBeGreaterThan(900);
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('uses a kept connection again, and another when that was closed meanwhile', async () => {
    let connections = 0;
    const server = http.createServer((_req, res) => res.end('x'));
    server.on('connection', () => (connections += 1));
    rig.configure({ web: `http://127.0.0.1:${await listen(server)}` });
    for (let time = 0; time < 3; time++) await rig.ask('web', '/');
    expect(connections).toBe(1);
    server.closeIdleConnections();
    expect((await rig.ask('web', '/')).status).toBe(200);
    expect(connections).toBe(2);
  });

  it('keeps the connections of a service that did not change, and ends those of one that did', async () => {
    const target = await web((req, res) => {
      res.writeHead(200);
      res.write('begun');
      if (req.url !== '/endless') res.end();
    });
    rig.configure({ kept: target, changed: target });
    const open = async (service: string): Promise<Socket> => {
      const channel = (await rig.openChannel(service))!;
      channel.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(channel, 'data');
      return channel;
    };
    const kept = await open('kept');
    const changed = await open('changed');
    const closed = once(changed, 'end');
    changed.resume();
    rig.configure({ kept: target, changed: `${target}/elsewhere`, more: target });
    await closed;
    expect(kept.readableEnded).toBe(false);
    const port = Number(new URL(target).port);
    expect(rig.services.announced()).toEqual([
      { name: 'kept', kind: 'http', port },
      { name: 'changed', kind: 'http', port },
      { name: 'more', kind: 'http', port },
    ]);
    const ended = once(kept, 'end');
    kept.resume();
    rig.configure({});
    await ended;
    for (const channel of [kept, changed]) channel.destroy();
    expect(await rig.openChannel('kept')).toBeUndefined();
    expect(await rig.openChannel('constructor')).toBeUndefined();
  });
});

describe('an upgrade', () => {
  const HEAD = 'GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

  async function upgrading(): Promise<string> {
    const server = http.createServer((_req, res) => res.end('no'));
    server.on('upgrade', (req, socket, head) => {
      socket.on('error', () => undefined);
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${req.headers.upgrade}\r\n\r\n`,
      );
      if (head.length > 0) socket.write(head);
      socket.pipe(socket);
    });
    return `http://127.0.0.1:${await listen(server)}`;
  }

  async function upgrade(extra = ''): Promise<{ channel: Socket; text: () => string }> {
    const channel = (await rig.openChannel('web'))!;
    let got = '';
    channel.on('data', (chunk: Buffer) => (got += chunk.toString()));
    channel.write(`${HEAD}${extra}\r\nfirst bytes`);
    return { channel, text: () => got };
  }

  it('passes when the policy allows it, with the bytes behind its head, and both ends end together', async () => {
    rig.configure({ web: await upgrading() });
    const { channel, text } = await upgrade();
    await expect.poll(text).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nfirst bytes$/);
    channel.write(' and more');
    await expect.poll(text).toMatch(/first bytes and more$/);
    const closed = once(channel, 'close');
    channel.end();
    await closed;
  });

  it.each([
    ['the policy denies it', () => rig.setPolicy('service web\n  default deny\n'), 403, 'denied_by_device'],
    ['the device is paused', () => (rig.paused = true), 503, 'device_paused'],
  ])('is refused when %s', async (_what, prepare, status, code) => {
    rig.configure({ web: await upgrading() });
    prepare();
    const { channel, text } = await upgrade();
    await once(channel, 'end');
    expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text()).toContain(`x-porchlight-error: ${code}`);
    channel.destroy();
  });

  it('is answered with 502 when the local server is down', async () => {
    rig.configure({ web: 'http://127.0.0.1:1' });
    const { channel, text } = await upgrade();
    await once(channel, 'end');
    expect(text()).toMatch(/^HTTP\/1\.1 502 /);
    channel.destroy();
  });

  it('gives the answer of a local server that will not', async () => {
    rig.configure({ web: await echo() });
    const { channel, text } = await upgrade();
    await once(channel, 'end');
    expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    channel.destroy();
  });
});

describe('an https target', () => {
  it('is believed with a certificate of its own only when its owner said so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'].concat([
        '-keyout',
        key,
        '-out',
        certificate,
        '-subj',
        '/CN=device',
      ]),
      { stdio: 'ignore' },
    );
    const server = https.createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (_req, res) => res.end('over TLS'),
    );
    rmSync(folder, { recursive: true });
    const target = parseTarget(`https://127.0.0.1:${await listen(server)}`);
    rig.configure({ web: { target, insecureSkipVerify: false } });
    const refused = await rig.ask('web', '/');
    expect(refused.status).toBe(502);
    rig.configure({ web: { target, insecureSkipVerify: true } });
    expect((await rig.ask('web', '/')).body).toBe('over TLS');
    server.closeAllConnections();
  });
});
