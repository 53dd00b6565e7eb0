/** A program that was let do one thing at one place does that, on every transport, and nothing else. */
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  requireProgram,
  runProgram,
  startTestRelay,
  type TestDevice,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ssh = await requireProgram('ssh', 'openssh-client');

let relay: TestRelay;
let alice: TestPerson;
let shed: TestDevice;
let web: http.Server;
let greeter: net.Server;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-scopes-'));
  web = http.createServer((req, res) => res.end(`${req.method} here`));
  web.on('upgrade', (_req, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  greeter = net.createServer((socket) => socket.on('error', () => socket.destroy()).end('greetings\n'));
  await Promise.all([web, greeter].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const portOf = (server: net.Server) => (server.address() as AddressInfo).port;
  const services = {
    web: `http://127.0.0.1:${portOf(web)}`,
    other: `http://127.0.0.1:${portOf(web)}`,
    tcp: `tcp://127.0.0.1:${portOf(greeter)}`,
    tcp2: `tcp://127.0.0.1:${portOf(greeter)}`,
  };
  relay = await startTestRelay();
  alice = await relay.person('alice');
  shed = await relay.device(alice, 'shed', services);
  await relay.device(alice, 'barn', services);
});
afterAll(async () => {
  await relay.close();
  for (const server of [web, greeter]) server.close();
  await rm(folder, { recursive: true });
});

async function tokenFor(scopes: string[], services?: string[]): Promise<string> {
  const grant = { scopes, devices: [{ id: shed.id, ...(services && { services }) }] };
  const made = await alice.api('POST', '/api/me/access-tokens', { name: 'a program', grant });
  expect(made.status, made.body).toBe(201);
  return JSON.parse(made.body).token;
}

/** What becomes of an upgrade request: 101, or the status that refuses it. */
function upgrade(host: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({
      ...{ host: '127.0.0.1', port: relay.port, path, agent: false },
      headers: {
        ...{ host: `${host}:${relay.port}`, connection: 'Upgrade', upgrade: 'websocket' },
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

/** The first that comes out of a TCP connection in a WebSocket: what the other end says, or why it was refused. */
function tunnel(token: string, query: string): Promise<string> {
  const url = `ws://localhost:${relay.port}/api/devices/${shed.id}/tcp?${query}`;
  const socket = new WebSocket(url, ['porchlight.tcp', `porchlight.bearer.${token}`]);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('the WebSocket failed')));
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string' && JSON.parse(data).type !== 'error') return;
      resolve(typeof data === 'string' ? JSON.parse(data).problem.code : Buffer.from(data).toString());
      socket.close();
    });
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function visit(token: string, host: string, method = 'GET'): Promise<number> {
  const answer = await relay.visit(`${host}.localhost`, '/', { method, headers: bearer(token) });
  return answer.status;
}

describe('a token for reading one service', () => {
  let token: string;
  beforeAll(async () => {
    token = await tokenFor(['read'], ['web']);
  });

  it('over HTTP reads that one, and changes nothing', async () => {
    expect(await visit(token, 'web--shed')).toBe(200);
    expect(await visit(token, 'web--shed', 'POST')).toBe(403);
    expect(await visit(token, 'other--shed')).toBe(404);
    expect(await visit(token, 'web--barn')).toBe(404);
  });

  it('opens no WebSocket and no TCP connection', async () => {
    expect(await upgrade('web--shed.localhost', '/live', bearer(token))).toBe(403);
    expect(await tunnel(token, 'service=tcp')).toBe('scope_missing');
  });

  it('is no password for MQTT', async () => {
    const sign = { host: '127.0.0.1', port: relay.relay.ports.mqtt ?? 0, reconnectPeriod: 0 };
    for (const username of ['alice', 'shed']) {
      await expect(connectAsync({ ...sign, username, password: token })).rejects.toThrow(
        /username or password/,
      );
    }
  });
});

describe.skipIf(ssh.missing !== undefined)(`a token for TCP to one service ${ssh.missing ?? ''}`, () => {
  let token: string;
  beforeAll(async () => {
    token = await tokenFor(['shell'], ['tcp']);
    await writeFile(join(folder, 'askpass'), `#!/bin/sh\necho '${token}'\n`);
    await chmod(join(folder, 'askpass'), 0o700);
  });

  /** With OpenSSH, and the token as password. */
  function jump(...words: string[]) {
    const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(folder, 'known')}`];
    const no = ['PubkeyAuthentication=no', 'NumberOfPasswordPrompts=1', 'LogLevel=ERROR'];
    const args = [...options, ...no].flatMap((option) => ['-o', option]);
    return runProgram('ssh', ['-F', 'none', ...args, '-p', String(relay.relay.ports.ssh), ...words], {
      env: { SSH_ASKPASS: join(folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: 'none' },
    });
  }

  it('over SSH reaches that one', async () => {
    expect((await jump('-W', 'tcp.shed:1', 'operator@127.0.0.1')).stdout).toBe('greetings\n');
    for (const to of ['tcp2.shed:1', 'tcp.barn:1', 'web.shed:1']) {
      const { code, stdout } = await jump('-W', to, 'operator@127.0.0.1');
      expect([to, stdout, code === 0]).toEqual([to, '', false]);
    }
  });

  it('and as an operator is told which scope a command needs', async () => {
    const { code, stderr } = await jump('operator@127.0.0.1', 'devices');
    expect([code === 0, stderr.includes('scope "read"')]).toEqual([false, true]);
    expect((await jump('operator@127.0.0.1', 'kick', 'shed')).code).not.toBe(0);
  });

  it('in a WebSocket reaches that one', async () => {
    expect(await tunnel(token, 'service=tcp')).toBe('greetings\n');
    expect(await tunnel(token, 'service=tcp2')).toBe('not_found');
    expect(await tunnel(token, `port=${(greeter.address() as AddressInfo).port}`)).toBe('not_found');
  });

  it('reads and changes nothing over HTTP', async () => {
    expect(await visit(token, 'web--shed')).toBe(403);
    const devices = await relay.visit('localhost', '/api/devices', { headers: bearer(token) });
    expect([devices.status, JSON.parse(devices.body).code]).toEqual([403, 'scope_missing']);
  });
});
