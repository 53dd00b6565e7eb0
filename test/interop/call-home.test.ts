import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device, Forward } from '@porchlight/protocol/api';
import {
  type Finished,
  type RunningProgram,
  requireProgram,
  runProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const needed = [
  await requireProgram('ssh', 'openssh-client'),
  await requireProgram('dbclient', 'dropbear-bin'),
  await requireProgram('busybox', 'busybox'),
];
const missing = needed.find((one) => one.missing !== undefined)?.missing;

describe.skipIf(missing !== undefined)(`devices that call home ${missing ?? ''}`, () => {
  let relay: TestRelay;
  let admin: TestPerson;
  let folder: string;
  let echo: net.Server;
  let port: string;
  let programs: RunningProgram[] = [];
  const pids = new Set<number>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-call-home-'));
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'openssh')]);
    // As a router has them: dropbear's client under the name of ssh.
    await symlink('/usr/bin/dbclient', join(folder, 'ssh'));
    echo = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('SSH-2.0-router\r\n');
      socket.pipe(socket);
    });
    await once(echo.listen(0, '127.0.0.1'), 'listening');
  });

  beforeEach(async () => {
    relay = await startTestRelay();
    port = String(relay.relay.ports.ssh);
    admin = await relay.person('alice', 'admin');
  });

  afterEach(async () => {
    for (const program of programs) await program.stop('SIGKILL');
    programs = [];
    for (const pid of pids) if (isThere(pid)) process.kill(pid, 'SIGKILL');
    pids.clear();
    await relay.close();
  });

  afterAll(async () => {
    echo.close();
    await rm(folder, { recursive: true, force: true });
  });

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await admin.api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body || 'null');
  };
  const enrol = async (name: string, publicKey: string): Promise<Device> =>
    call('POST', '/api/devices', { name, publicKey });
  const view = (id: string): Promise<Device> => call('GET', `/api/devices/${id}`);
  const forwardTo = (id: string, devicePort: number): Promise<Forward> =>
    call('POST', `/api/devices/${id}/forwards`, { port: devicePort, minutes: 5 });

  const opensshArgs = (user: string): string[] => [
    ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-i', join(folder, 'openssh'), '-p', port],
    `${user}@127.0.0.1`,
  ];
  const openssh = (user: string, command: string, input = ''): Promise<Finished> =>
    runProgram('ssh', [...opensshArgs(user), ...(command === '' ? [] : [command])], { input });

  /** An RSA key as the routers make it; gives its public line. */
  const dropbearKey = async (name: string): Promise<string> => {
    await runProgram('dropbearkey', ['-t', 'rsa', '-f', join(folder, name)]);
    const { stdout } = await runProgram('dropbearkey', ['-y', '-f', join(folder, name)]);
    return /^ssh-rsa \S+/m.exec(stdout)?.[0] ?? '';
  };

  /** What cron starts on the router each minute. Gives what it printed: the pid of the ssh that it left running. */
  const minute = async (key: string, mac: string): Promise<string> => {
    const script = join(import.meta.dirname, 'et-phone-home/minute.sh');
    const { stdout, stderr } = await runProgram(
      'busybox',
      ['ash', script, join(folder, key), mac, '127.0.0.1', port],
      { env: { PATH: `${folder}:/bin`, HOME: folder } },
    );
    expect(stderr).toBe('');
    if (stdout !== '') pids.add(Number(stdout));
    return stdout.trim();
  };

  /** The first bytes that come through a forward. */
  const knock = async (forward: Forward): Promise<string> => {
    const socket = net.connect(forward.port, '127.0.0.1');
    socket.on('error', () => undefined);
    try {
      const [chunk] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      return String(chunk);
    } finally {
      socket.destroy();
    }
  };

  it('OpenSSH: an inbox that is empty, a beat with readings, both; no link comes and goes for that', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    const device = await enrol('router1', key.trim());
    expect(device.link).toEqual({ up: false, paused: false });
    expect(await openssh('router1', 'inbox')).toMatchObject({ code: 0, stdout: '' });
    const beat = 'uptime=86400\nload=0.08\nfirmware=OpenWrt 23.05.3\n';
    expect(await openssh('router1', 'beat', beat)).toMatchObject({ code: 0, stdout: '' });
    expect(await openssh('router1', 'beat inbox', 'what is this\n')).toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringContaining('Porchlight: line 1 is not key=value'),
    });
    const wrong = await openssh('router1', 'reboot');
    expect(wrong).toMatchObject({ code: 127, stderr: expect.stringContaining('inbox, beat, beat inbox') });
    const { link } = await view(device.id);
    expect(link).toMatchObject({ up: true, callHome: { intervalSeconds: 60, learned: true, waiting: 0 } });
    expect(link.callHome?.bytesLastHour).toBeGreaterThan(5_000);
    const audit = await call<Items<{ action: string }>>('GET', `/api/audit?deviceId=${device.id}`);
    expect(audit.items.map(({ action }) => action).filter((one) => one.startsWith('link.'))).toEqual([
      'link.up',
    ]);
    const readings = await admin.api('GET', `/api/devices/${device.id}/readings`);
    expect(readings.body).toContain('OpenWrt 23.05.3');
  });

  it('a restart of the relay: online still, and no entry about it', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    const data = join(folder, 'restarted');
    const first = await startTestRelay({ data });
    const { cookie, api } = await first.person('bob', 'admin');
    const made = await api('POST', '/api/devices', { name: 'router1', publicKey: key.trim() });
    const { id }: Device = JSON.parse(made.body);
    port = String(first.relay.ports.ssh);
    expect(await openssh('router1', 'inbox')).toMatchObject({ code: 0 });
    await first.close();
    const second = await startTestRelay({ data });
    const get = async <T>(path: string): Promise<T> =>
      JSON.parse((await second.visit('localhost', path, { headers: { cookie } })).body);
    expect((await get<Device>(`/api/devices/${id}`)).link).toMatchObject({ up: true, callHome: {} });
    const { items } = await get<Items<{ action: string }>>(`/api/audit?deviceId=${id}`);
    expect(items.filter(({ action }) => action.startsWith('link.'))).toHaveLength(1);
    await second.close();
  });

  it('OpenSSH: what a person asks for is read in the inbox, answered, and reached', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    const device = await enrol('router1', key.trim());
    await openssh('router1', 'inbox');
    const devicePort = (echo.address() as AddressInfo).port;
    const forward = await forwardTo(device.id, devicePort);
    expect(forward.state).toBe('waiting');
    const { stdout } = await openssh('router1', 'inbox');
    const [, relayPort] = new RegExp(`^forward ${devicePort}:(\\d+) \\d+\n$`).exec(stdout) ?? [];
    expect(relayPort).toBeDefined();
    expect((await openssh('router1', 'inbox')).stdout).toBe('');
    programs.push(
      startProgram('ssh', ['-N', '-R', `${relayPort}:localhost:${devicePort}`, ...opensshArgs('router1')]),
    );
    expect(await knock(forward)).toBe('SSH-2.0-router\r\n');
  });

  it('the script of the guide, under busybox ash with dropbear', async () => {
    const device = await enrol('router1', await dropbearKey('guide'));
    const devicePort = (echo.address() as AddressInfo).port;
    const guide = await readFile(join(import.meta.dirname, '../../docs/guides/calling-home.md'), 'utf8');
    const [, script = ''] = /```sh\n(#!\/bin\/sh\n.*?)```/s.exec(guide) ?? [];
    expect(script).toContain('inbox');
    const here = script
      .replace('ssh -p 2222 -i /root/.ssh/relay', `ssh -y -y -p ${port} -i ${join(folder, 'guide')}`)
      .replaceAll('relay.example', '127.0.0.1');
    const minutely = (): RunningProgram =>
      startProgram('busybox', ['ash', '-c', here], { env: { PATH: `${folder}:/bin`, HOME: folder } });
    expect((await minutely().ended).code).toBe(0);
    const forwards = [await forwardTo(device.id, devicePort), await forwardTo(device.id, 9)];
    programs.push(minutely());
    for (const forward of forwards) {
      const state = async (): Promise<string> =>
        (await call<Forward>('GET', `/api/forwards/${forward.id}`)).state;
      await expect.poll(state, { timeout: 20_000 }).toBe('open');
    }
    const [shell] = forwards;
    expect(shell && (await knock(shell))).toBe('SSH-2.0-router\r\n');
  });

  it('OpenSSH: ports given out for `-R 0`, told, and taken back', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    const device = await enrol('robot', key.trim());
    const devicePort = (echo.address() as AddressInfo).port;
    const master = join(folder, 'master');
    const client = startProgram('ssh', [
      ...['-N', '-v', '-M', '-S', master, '-R', `0:127.0.0.1:${devicePort}`],
      ...['-R', `0:localhost:${devicePort}`, ...opensshArgs('robot')],
    ]);
    programs.push(client);
    const allocated = (): string[] =>
      client.lines.flatMap((line) => /^Allocated port (\d+) for remote forward/.exec(line)?.[1] ?? []);
    await expect.poll(allocated, { timeout: 20_000 }).toHaveLength(2);
    const offered = async (): Promise<string[]> =>
      (await view(device.id)).services.filter((one) => one.offered).map(({ name }) => name);
    await expect.poll(offered, { timeout: 20_000 }).toEqual(allocated().sort());
    const [first = ''] = allocated();
    expect(await knock(await forwardTo(device.id, Number(first)))).toBe('SSH-2.0-router\r\n');
    await runProgram('ssh', [
      ...['-S', master, '-O', 'cancel', '-R', `0:127.0.0.1:${devicePort}`, ...opensshArgs('robot')],
    ]);
    await expect.poll(offered, { timeout: 20_000 }).not.toContain(first);
  });

  it('dropbear: ports given out for `-R 0`, told before anything comes through them', async () => {
    const device = await enrol('robot', await dropbearKey('zero'));
    const devicePort = (echo.address() as AddressInfo).port;
    const client = startProgram('dbclient', [
      ...['-N', '-y', '-y', '-i', join(folder, 'zero'), '-p', port],
      ...['-R', `0:localhost:${devicePort}`, '-R', `0:127.0.0.1:${devicePort}`, 'robot@127.0.0.1'],
    ]);
    programs.push(client);
    const allocated = (): string[] =>
      client.lines.flatMap((line) => /Allocated port (\d+) for remote forward/.exec(line)?.[1] ?? []);
    await expect.poll(allocated, { timeout: 20_000 }).toHaveLength(2);
    for (const each of allocated()) {
      expect(await knock(await forwardTo(device.id, Number(each)))).toBe('SSH-2.0-router\r\n');
    }
    expect(client.lines.join()).not.toContain('unrequested');
  });

  it('OpenSSH with a terminal: the addresses of its services, what was refused, and `q` to end it', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    await enrol('robot', key.trim());
    const devicePort = (echo.address() as AddressInfo).port;
    const forwards = ['-R', `shell:22:127.0.0.1:${devicePort}`, '-R', `no_name:80:127.0.0.1:${devicePort}`];
    const shell = spawn('ssh', ['-tt', ...forwards, ...opensshArgs('robot')]);
    let said = '';
    shell.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await expect.poll(() => said, { timeout: 20_000 }).toMatch(/shell: a tcp service/);
    expect(said).toContain('robot is linked.');
    expect(said).toContain('not forwarded: that bind address can be no name of a service');
    shell.stdin.write('q');
    const [code] = await once(shell, 'exit');
    expect(code).toBe(0);
  });

  it('a client with 500 forwards has 64, is told of each of the others, and goes on', async () => {
    const { stdout: key } = await runProgram('ssh-keygen', ['-y', '-f', join(folder, 'openssh')]);
    const device = await enrol('robot', key.trim());
    const config = join(folder, 'config');
    const lines = Array.from({ length: 500 }, (_, n) => `RemoteForward ${3000 + n} 127.0.0.1:9`);
    await writeFile(config, `${lines.join('\n')}\n`);
    const args = ['-N', ...opensshArgs('robot')];
    args[args.indexOf('/dev/null')] = config;
    const client = startProgram('ssh', args);
    programs.push(client);
    const refusals = (): number =>
      client.lines.filter((line) => /remote port forwarding failed/.test(line)).length;
    await expect.poll(refusals, { timeout: 20_000 }).toBe(436);
    await expect.poll(async () => (await view(device.id)).services.length, { timeout: 20_000 }).toBe(64);
    expect((await view(device.id)).link.up).toBe(true);
  });

  it('routers of ET Phone Home: busybox, dropbear and an RSA key; two ports at once; nothing that nobody asked for', async () => {
    const mac = '0018e7dd01aa';
    const device = await enrol('attic', await dropbearKey('et1'));
    const devicePort = (echo.address() as AddressInfo).port;
    expect(await minute('et1', mac)).toBe('');
    const forward = await forwardTo(device.id, devicePort);
    expect((await view(device.id)).link).toMatchObject({ up: true, callHome: { waiting: 1 } });
    expect(await minute('et1', mac)).not.toBe('');
    expect(await minute('et1', mac)).toBe('');
    expect(await knock(forward)).toBe('SSH-2.0-router\r\n');
    // Another port meanwhile, over a second ssh; both are there.
    const other = await forwardTo(device.id, 9);
    await minute('et1', mac);
    await expect
      .poll(async () => (await view(device.id)).services.filter((one) => one.offered).length)
      .toBe(2);
    expect(await knock(forward)).toBe('SSH-2.0-router\r\n');
    await call('DELETE', `/api/forwards/${other.id}`);
    const refused = await runProgram('dbclient', [
      ...['-y', '-y', '-N', '-i', join(folder, 'et1'), '-p', port],
      ...['-R', `2222:localhost:${devicePort}`, `device${mac}@127.0.0.1`],
    ]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Remote TCP forward request failed (port 2222');
  });

  it('a router that nobody knows asks to be let in with its first call, and that call is answered', async () => {
    await dropbearKey('et2');
    const called = minute('et2', 'ABCDEFABCDEF');
    let request: { id: string; code: string; name: string } | undefined;
    await expect
      .poll(async () => {
        [request] = (
          await call<Items<{ id: string; code: string; name: string }>>('GET', '/api/join-requests')
        ).items;
        return request?.name;
      })
      .toBe('deviceabcdefabcdef');
    await call('POST', `/api/join-requests/${request?.id}/allow`, { code: request?.code, name: 'barn' });
    expect(await called).toBe('');
    expect(await minute('et2', 'ABCDEFABCDEF')).toBe('');
  });

  it('a blocked router is told so', async () => {
    const device = await enrol('attic', await dropbearKey('et3'));
    await call('PATCH', `/api/devices/${device.id}`, { blocked: true });
    const refused = await runProgram('dbclient', [
      ...[
        '-y',
        '-y',
        '-i',
        join(folder, 'et3'),
        '-p',
        port,
        'device000000000003@127.0.0.1',
        'et-home-ping.sh',
      ],
    ]);
    expect(refused.code).toBe(255);
    expect(refused.stderr).toContain('Porchlight: this key is blocked');
  });
});

interface Items<T> {
  readonly items: readonly T[];
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
