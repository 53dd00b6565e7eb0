import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callAgent } from '@porchlight/agent';
import type { Device, Readings } from '@porchlight/protocol/api';
import {
  type RunningProgram,
  requireProgram,
  runProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ssh = await requireProgram('ssh', 'openssh-client');

describe.skipIf(ssh.missing !== undefined)(`what people set for a device ${ssh.missing ?? ''}`, () => {
  let relay: TestRelay;
  let alice: TestPerson;
  let folder: string;
  let web: http.Server;
  let programs: RunningProgram[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-records-'));
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
    web = http.createServer((_req, res) => res.end('hello'));
    await once(web.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(async () => {
    relay = await startTestRelay();
    alice = await relay.person('alice', 'admin');
  });
  afterEach(async () => {
    for (const program of programs) await program.stop('SIGKILL');
    programs = [];
    await relay.close();
  });
  afterAll(async () => {
    web.close();
    await rm(folder, { recursive: true, force: true });
  });

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await alice.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body || 'null');
  };
  const view = (id: string): Promise<Device> => call('GET', `/api/devices/${id}`);
  const enrol = async (): Promise<Device> =>
    call('POST', '/api/devices', {
      name: 'router1',
      publicKey: await readFile(join(folder, 'key.pub'), 'utf8'),
    });
  const args = (...rest: string[]): string[] => [
    ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-i', join(folder, 'key')],
    ...['-p', String(relay.relay.ports.ssh), ...rest],
  ];
  const connect = (): RunningProgram => {
    const { port } = web.address() as AddressInfo;
    const client = startProgram('ssh', args('-N', '-R', `web:80:localhost:${port}`, 'router1@127.0.0.1'));
    programs.push(client);
    return client;
  };
  const statusOf = (dataFolder: string) =>
    callAgent(dataFolder, { command: 'status' }, { signal: AbortSignal.timeout(10_000) });
  const kindOf = async (id: string) =>
    (await view(id)).services.find(({ name }) => name === 'web')?.kind ?? 'none';
  const visit = async () =>
    (await relay.visit('web--router1.localhost', '/', { headers: { accept: 'text/html' } })).status;

  it('a key enrolled beforehand is let in at once; kick ends its link, and it may come again', async () => {
    const { id } = await enrol();
    const first = connect();
    await expect.poll(() => kindOf(id)).toBe('http');
    await call('POST', `/api/devices/${id}/kick`, {});
    expect((await first.ended).code).toBe(255);
    expect((await view(id)).link).toMatchObject({ up: false, reason: 'alice ended the link' });
    expect(await alice.api('POST', `/api/devices/${id}/kick`, {})).toMatchObject({ status: 503 });
    connect();
    await expect.poll(async () => (await view(id)).link.up).toBe(true);
  });

  it('a blocked device is out at once and told so, and comes back once it is unblocked', async () => {
    const { id } = await enrol();
    const first = connect();
    await expect.poll(() => kindOf(id)).toBe('http');
    await call('PATCH', `/api/devices/${id}`, { blocked: true });
    expect((await first.ended).code).toBe(255);
    expect(await view(id)).toMatchObject({ blocked: true, link: { up: false } });
    const refused = await runProgram('ssh', args('router1@127.0.0.1', 'beat'), { input: 'x=1\n' });
    expect(refused).toMatchObject({ code: 255, stderr: expect.stringContaining('this key is blocked') });
    expect((await call<Readings>('GET', `/api/devices/${id}/readings`)).readings).toEqual([]);
    await call('PATCH', `/api/devices/${id}`, { blocked: false });
    connect();
    await expect.poll(async () => (await view(id)).link.up).toBe(true);
  });

  it('an agent that was blocked says so on the device, and is let in again', async () => {
    const device = await relay.device(alice, 'robot');
    await call('PATCH', `/api/devices/${device.id}`, { blocked: true });
    await expect
      .poll(async () => (await statusOf(device.dataFolder)).link, { timeout: 10_000 })
      .toMatchObject({ state: 'denied', reason: 'this key is blocked' });
    expect((await view(device.id)).link.up).toBe(false);
    await device.stop();
    await call('PATCH', `/api/devices/${device.id}`, { blocked: false });
    await device.start();
    expect(await view(device.id)).toMatchObject({ blocked: false, link: { up: true } });
  });

  it('a kind that a person sets holds across connections, and goes back to what trying finds', async () => {
    const { id } = await enrol();
    const first = connect();
    await expect.poll(() => kindOf(id)).toBe('http');
    expect(await visit()).toBe(302);
    const set = (kind: string) => call<Device>('PATCH', `/api/devices/${id}/services/web`, { kind });
    await set('tcp');
    expect(await visit()).toBe(404);
    await first.stop('SIGKILL');
    await expect.poll(async () => (await view(id)).link.up).toBe(false);
    connect();
    await expect.poll(async () => (await view(id)).link.up).toBe(true);
    expect((await view(id)).services).toMatchObject([{ name: 'web', kind: 'tcp', kindSet: true, port: 80 }]);
    await set('auto');
    await expect.poll(() => kindOf(id)).toBe('http');
    await expect.poll(visit).toBe(302);
  });

  it('what a device reports is there at once, and nobody else’s business', async () => {
    const { id } = await enrol();
    const bob = await relay.person('bob');
    const beat = 'uptime=3600\nload=0.25 0.20 0.15\nfirmware=OpenWrt 23.05\n';
    await runProgram('ssh', args('router1@127.0.0.1', 'beat'), { input: beat });
    const { readings } = await call<Readings>('GET', `/api/devices/${id}/readings?span=30d`);
    expect(readings).toMatchObject([
      { name: 'firmware', value: 'OpenWrt 23.05', samples: [] },
      { name: 'load', value: '0.25 0.20 0.15', samples: [] },
      { name: 'uptime', value: '3600', samples: [{ mean: 3600 }] },
    ]);
    for (const [method, path, body] of [
      ['GET', `/api/devices/${id}/readings`],
      ['POST', `/api/devices/${id}/kick`, {}],
      ['PATCH', `/api/devices/${id}`, { blocked: true }],
      ['PATCH', `/api/devices/${id}/services/web`, { kind: 'tcp' }],
    ] as const) {
      expect(await bob.api(method, path, body)).toMatchObject({ status: 404 });
    }
    expect((await view(id)).blocked).toBe(false);
  });
});
