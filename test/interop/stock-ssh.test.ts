import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram, startTestRelay, type TestPerson, type TestRelay, until } from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ssh = await requireProgram('ssh', 'openssh-client');
const dbclient = await requireProgram('dbclient', 'dropbear-bin');

/** A stock client that runs; what it writes to standard error can be waited for. */
interface Client {
  stderr(): string;
  said(text: RegExp): Promise<RegExpExecArray>;
  exited: Promise<number | null>;
  kill(): void;
}

function start(program: string, args: readonly string[]): Client {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  return {
    stderr: () => stderr,
    said: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = text.exec(stderr);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    exited,
    kill: () => void child.kill('SIGKILL'),
  };
}

describe.skipIf(ssh.missing !== undefined)(`a stock SSH client as a device ${ssh.missing ?? ''}`, () => {
  let relay: TestRelay;
  let admin: TestPerson;
  let web: http.Server;
  let echo: net.Server;
  let folder: string;
  let clients: Client[] = [];
  const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-stock-'));
    for (const type of ['ed25519', 'rsa', 'ecdsa']) {
      await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, type)]);
    }
    web = http.createServer((req, res) => res.end(`hello from ${req.url}`));
    echo = net.createServer((socket) => {
      socket.write('SSH-2.0-nothing\r\n');
      socket.pipe(socket);
    });
    await once(web.listen(0, '127.0.0.1'), 'listening');
    await once(echo.listen(0, '127.0.0.1'), 'listening');
  });

  beforeEach(async () => {
    relay = await startTestRelay();
    admin = await relay.person('alice', 'admin');
  });

  afterEach(async () => {
    for (const client of clients) client.kill();
    clients = [];
    await relay.close();
  });

  afterAll(async () => {
    web.close();
    echo.close();
    await rm(folder, { recursive: true, force: true });
  });

  const openssh = (key: string, user: string, forwards: readonly string[]): Client => {
    const client = start(ssh.path ?? '', [
      ...['-N', '-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes'],
      ...['-i', join(folder, key), '-p', String(relay.relay.ports.ssh)],
      ...forwards.flatMap((forward) => ['-R', forward]),
      `${user}@127.0.0.1`,
    ]);
    clients.push(client);
    return client;
  };

  /** The join request for the code that the client shows. */
  const requestOf = async (client: Client): Promise<{ id: string; code: string }> => {
    const [, code = ''] = await client.said(/Code ([A-Z0-9-]{19});/);
    for (;;) {
      const found = JSON.parse((await admin.api('GET', `/api/join-requests?code=${code}`)).body).items[0];
      if (found !== undefined) return { id: found.id, code };
    }
  };

  const allow = async (client: Client, name: string): Promise<void> => {
    const { id, code } = await requestOf(client);
    expect((await admin.api('POST', `/api/join-requests/${id}/allow`, { code, name })).status).toBe(200);
  };

  /** The kinds of a device's services, once it has so many. */
  const servicesOf = async (name: string, count: number): Promise<Record<string, string>> => {
    let services: { name: string; kind: string }[] = [];
    await until(async () => {
      const { body } = await admin.api('GET', `/api/devices?search=${name}`);
      services = JSON.parse(body).items[0]?.services ?? [];
      return services.length === count;
    });
    return Object.fromEntries(services.map((one) => [one.name, one.kind]));
  };

  it('is let in on the same connection, and its forwards are services, told apart by trying', async () => {
    const client = openssh('ed25519', 'zumi01', [
      `jupyter:80:127.0.0.1:${portOf(web)}`,
      `8888:127.0.0.1:${portOf(web)}`,
      `22:127.0.0.1:${portOf(echo)}`,
    ]);
    await allow(client, 'zumi01');
    expect(await servicesOf('zumi01', 3)).toEqual({ jupyter: 'http', 8888: 'http', 22: 'tcp' });
    const cookie = await relay.signOn(admin, 'jupyter--zumi01.localhost');
    const answer = await relay.visit('jupyter--zumi01.localhost', '/tree', { headers: { cookie } });
    expect(answer).toMatchObject({ status: 200, body: 'hello from /tree' });
  });

  it.each(['rsa', 'ecdsa'])('takes a key of type %s, and knows it the next time', async (type) => {
    const first = openssh(type, 'robot', [`web:80:127.0.0.1:${portOf(web)}`]);
    await allow(first, 'robot');
    await servicesOf('robot', 1);
    first.kill();
    await first.exited;
    const forwards = [`web:80:127.0.0.1:${portOf(web)}`, `other:80:127.0.0.1:${portOf(web)}`];
    const again = openssh(type, 'robot', forwards);
    await servicesOf('robot', 2);
    expect(again.stderr()).not.toContain('Code');
  });

  it('is told when the user name is not its own, and ends with 255', async () => {
    const first = openssh('ed25519', 'robot', [`web:80:127.0.0.1:${portOf(web)}`]);
    await allow(first, 'robot');
    await servicesOf('robot', 1);
    const wrong = openssh('ed25519', 'other', [`web:80:127.0.0.1:${portOf(web)}`]);
    expect(await wrong.exited).toBe(255);
    expect(wrong.stderr()).toContain('this key belongs to the device robot');
  });

  it('is refused with the reason when somebody presses Deny', async () => {
    const client = openssh('ed25519', 'robot', [`web:80:127.0.0.1:${portOf(web)}`]);
    const { id, code } = await requestOf(client);
    await admin.api('POST', `/api/join-requests/${id}/deny`, { code });
    expect(await client.exited).toBe(255);
    expect(client.stderr()).toContain('somebody pressed Deny');
  });

  it('joins by itself with a token as user name', async () => {
    const made = await admin.api('POST', '/api/enrolment-tokens', { uses: 1 });
    openssh('ed25519', JSON.parse(made.body).token, [`web:80:127.0.0.1:${portOf(web)}`]);
    expect(await servicesOf('device-', 1)).toEqual({ web: 'http' });
  });

  it('is refused a service name that can be no host name', async () => {
    const client = openssh('ed25519', 'robot', [`no_name:80:127.0.0.1:${portOf(web)}`]);
    await allow(client, 'robot');
    expect(await client.exited).toBe(255);
    expect(client.stderr()).toContain('remote port forwarding failed');
  });

  it.skipIf(dbclient.missing !== undefined)(`dropbear is as good ${dbclient.missing ?? ''}`, async () => {
    const key = join(folder, 'dropbear');
    await run('dropbearkey', ['-t', 'rsa', '-f', key]);
    const client = start(dbclient.path ?? '', [
      ...['-N', '-y', '-y', '-i', key, '-p', String(relay.relay.ports.ssh)],
      ...['-R', `8888:127.0.0.1:${portOf(web)}`, 'router1@127.0.0.1'],
    ]);
    clients.push(client);
    await allow(client, 'router1');
    expect(await servicesOf('router1', 1)).toEqual({ 8888: 'http' });
    const cookie = await relay.signOn(admin, '8888--router1.localhost');
    const answer = await relay.visit('8888--router1.localhost', '/x', { headers: { cookie } });
    expect(answer).toMatchObject({ status: 200, body: 'hello from /x' });
  });
});
