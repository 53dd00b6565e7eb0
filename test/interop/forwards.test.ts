import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Forward, LiveEvent } from '@porchlight/protocol/api';
import {
  type RunningProgram,
  requireProgram,
  runProgram,
  startProgram,
  startTestRelay,
  type TestPerson,
  type TestRelay,
  until,
} from '@porchlight/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ssh = await requireProgram('ssh', 'openssh-client');
const sshd = await requireProgram('sshd', 'openssh-server');
const missing = ssh.missing ?? sshd.missing;

/** What a router does that has only `ssh` and `sh`: it asks its inbox, and connects for what it finds there. */
const CALLS_HOME = `
while :; do
  $SSH "$USER_AT_RELAY" inbox | while read -r what ports seconds; do
    [ "$what" = forward ] || continue
    $SSH -N -R "\${ports#*:}:127.0.0.1:\${ports%:*}" "$USER_AT_RELAY" &
    echo $! >>"$FOLDER/pids"
  done
  sleep 0.3
done
`;

describe.skipIf(missing !== undefined)(`forwards with real SSH at both ends ${missing ?? ''}`, () => {
  let folder: string;
  let sshdPort: number;
  let server: RunningProgram;
  let relay: TestRelay;
  let alice: TestPerson;
  let running: RunningProgram[] = [];
  const options = () => [
    ...['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
  ];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-forwards-'));
    if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
    for (const name of ['host', 'person', 'device']) {
      await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    }
    await writeFile(join(folder, 'authorized'), await readFile(join(folder, 'person.pub')), { mode: 0o600 });
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    sshdPort = (free.address() as AddressInfo).port;
    free.close();
    await writeFile(
      join(folder, 'sshd_config'),
      `Port ${sshdPort}
ListenAddress 127.0.0.1
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`,
    );
    server = startProgram(sshd.path ?? '', ['-D', '-e', '-f', join(folder, 'sshd_config')]);
    await until(async () => server.lines.some((line) => line.includes('listening')));
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    relay = await startTestRelay();
    alice = await relay.person('alice', 'admin');
  });
  afterEach(async () => {
    for (const program of running) await program.stop();
    running = [];
    await relay.close();
  });

  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await alice.api(method, path, body);
    if (answer.status >= 400) throw new Error(answer.body);
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T;
  };
  const open = (device: string, body: object) =>
    ask<Forward>('POST', `/api/devices/${device}/forwards`, body);
  const shown = (id: string) => ask<Forward>('GET', `/api/forwards/${id}`);
  /** Logs in through a forward, as a person would. */
  const login = async (forward: Forward, command: string) => {
    const person = ['-i', join(folder, 'person'), '-p', String(forward.port)];
    const to = `${userInfo().username}@${forward.host}`;
    const done = await runProgram(ssh.path ?? '', [...options(), ...person, to, command]);
    return done.stdout.trim() || done.stderr;
  };
  const deviceSsh = () => [...options(), '-i', join(folder, 'device'), '-p', String(relay.relay.ports.ssh)];
  /** Enrols the device's key under a name of the relay's, and gives that name and its id. */
  const enrol = async (): Promise<{ id: string; name: string }> => {
    const { token } = await ask<{ token: string }>('POST', '/api/enrolment-tokens', {});
    const joining = startProgram(ssh.path ?? '', [
      ...deviceSsh(),
      '-N',
      '-R',
      '9:127.0.0.1:9',
      `${token}@127.0.0.1`,
    ]);
    for (;;) {
      const [device] = (await ask<{ items: { id: string; name: string }[] }>('GET', '/api/devices')).items;
      if (device === undefined) continue;
      await joining.stop();
      return device;
    }
  };
  const connect = (name: string, ...args: string[]): RunningProgram => {
    const program = startProgram(ssh.path ?? '', [...deviceSsh(), '-N', ...args, `${name}@127.0.0.1`]);
    running.push(program);
    return program;
  };
  const listen = async (): Promise<LiveEvent[]> => {
    const heard: LiveEvent[] = [];
    const stream = await fetch(`http://localhost:${relay.port}/api/events`, {
      headers: { cookie: alice.cookie },
    });
    void (async () => {
      let text = '';
      for await (const chunk of stream.body ?? []) {
        text += Buffer.from(chunk).toString();
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) if (frame.startsWith('data: ')) heard.push(JSON.parse(frame.slice(6)));
      }
    })().catch(() => undefined);
    return heard;
  };

  it('through an agent, to sshd, with an allow list, counted', async () => {
    const device = await relay.device(alice, 'robot', {
      ssh: `tcp://127.0.0.1:${sshdPort}`,
      web: 'http://127.0.0.1:1',
    });
    const forward = await open(device.id, { service: 'ssh', allow: ['127.0.0.1'] });
    expect(forward).toMatchObject({ state: 'open', address: `ssh -p ${forward.port} root@localhost` });
    expect(await login(forward, 'echo over the porch')).toBe('over the porch');
    const stranger = net.connect({ port: forward.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    stranger.on('error', () => undefined);
    await new Promise((resolve) => stranger.once('close', resolve).resume());
    await expect
      .poll(() => shown(forward.id))
      .toMatchObject({ connections: 0, connectionsTotal: 1, refused: 1 });
    const { bytesIn, bytesOut } = await shown(forward.id);
    expect(Math.min(bytesIn, bytesOut)).toBeGreaterThan(1000);
    await expect(open(device.id, { service: 'web' })).rejects.toThrow('open it by its address');
    await expect(open(device.id, { port: 5900 })).rejects.toThrow('does not offer port 5900');
  });

  it('through a stock client, which is killed and comes back', async () => {
    const { id, name } = await enrol();
    const events = await listen();
    const first = connect(name, '-R', `2222:127.0.0.1:${sshdPort}`);
    await expect
      .poll(() => open(id, { port: 2222 }).then(({ state }) => state, String), { timeout: 10_000 })
      .toBe('open');
    const [forward] = (await ask<{ items: Forward[] }>('GET', '/api/forwards')).items;
    if (forward === undefined) throw new Error('no forward');
    expect(await login(forward, 'echo one')).toBe('one');
    await first.stop('SIGKILL');
    await expect.poll(() => shown(forward.id)).toMatchObject({ state: 'waiting' });
    connect(name, '-R', `2222:127.0.0.1:${sshdPort}`);
    await expect.poll(() => shown(forward.id), { timeout: 10_000 }).toMatchObject({ state: 'open' });
    expect(await login(forward, 'echo two')).toBe('two');
    await ask('DELETE', `/api/forwards/${forward.id}`);
    await expect.poll(() => statesIn(events, forward.id)).toEqual(['open', 'waiting', 'open', 'ended']);
  });

  it('a device that calls home: asked for, picked up, dropped, picked up again, ended', async () => {
    const { id, name } = await enrol();
    const events = await listen();
    running.push(
      startProgram('sh', ['-c', CALLS_HOME], {
        env: {
          SSH: [ssh.path, ...deviceSsh()].join(' '),
          USER_AT_RELAY: `${name}@127.0.0.1`,
          FOLDER: folder,
        },
      }),
    );
    const pids = async () => (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
    try {
      // Taken as soon as it has called once.
      await expect
        .poll(() => open(id, { port: sshdPort, minutes: 5 }).then(({ state }) => state, String), {
          timeout: 15_000,
        })
        .toBe('waiting');
      const [forward] = (await ask<{ items: Forward[] }>('GET', '/api/forwards')).items;
      if (forward === undefined) throw new Error('no forward');
      const statesOf = () => statesIn(events, forward.id);
      // Who connects at once is held until the device is there.
      expect(await login(forward, 'echo home')).toBe('home');
      expect(await shown(forward.id)).toMatchObject({ state: 'open', connectionsTotal: 1 });
      const [first] = await pids();
      process.kill(first ?? 0, 'SIGKILL');
      // It is back so soon that only the events tell of the time between.
      await expect.poll(statesOf, { timeout: 15_000 }).toEqual(['waiting', 'open', 'waiting', 'open']);
      expect(await login(forward, 'echo again')).toBe('again');
      await ask('DELETE', `/api/forwards/${forward.id}`);
      // Nobody needs the port any more: the device's connection ends.
      const isThere = async () => {
        try {
          process.kill((await pids()).at(-1) ?? 0, 0);
          return true;
        } catch {
          return false;
        }
      };
      await expect.poll(isThere, { timeout: 15_000 }).toBe(false);
      const audit = await ask<{ items: { action: string }[] }>('GET', '/api/audit');
      const actions = audit.items
        .map(({ action }) => action)
        .filter((action) => action.startsWith('forward'));
      expect(actions).toEqual(['forward.closed', 'forward.opened', 'forward.requested']);
    } finally {
      for (const pid of await pids().catch(() => [])) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended already.
        }
      }
    }
  });

  it('a visitor that never reads stops the stream at its source, and nobody else', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    const endless = net.createServer((socket) => {
      socket.on('error', () => undefined);
      const write = (): void => {
        do sent += 1;
        while (socket.write(chunk));
        socket.once('drain', write);
      };
      socket.once('data', write);
    });
    await once(endless.listen(0, '127.0.0.1'), 'listening');
    const target = `tcp://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    const device = await relay.device(alice, 'robot', {
      endless: target,
      ssh: `tcp://127.0.0.1:${sshdPort}`,
    });
    const greedy = await open(device.id, { service: 'endless' });
    const visitor = net.connect(greedy.port, '127.0.0.1').on('error', () => undefined);
    visitor.write('go');
    let before = 0;
    const standsStill = () => {
      const still = sent > 0 && sent === before;
      before = sent;
      return still;
    };
    await expect.poll(standsStill, { interval: 500, timeout: 20_000 }).toBe(true);
    expect(sent).toBeLessThan(64);
    expect(await login(await open(device.id, { service: 'ssh' }), 'echo still here')).toBe('still here');
    visitor.destroy();
    await expect.poll(() => shown(greedy.id)).toMatchObject({ connections: 0 });
    endless.close();
  });

  it('64 people at once through an agent, and a 65th who is turned away', async () => {
    const echo = net.createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const target = `tcp://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    const device = await relay.device(alice, 'robot', { echo: target });
    const forward = await open(device.id, { service: 'echo' });
    const dial = async (): Promise<Socket> => {
      const socket = net.connect(forward.port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const sockets = await Promise.all(Array.from({ length: 64 }, dial));
    const answers = sockets.map(async (socket, index) => {
      socket.write(`hello ${index}`);
      return String((await once(socket, 'data'))[0]);
    });
    expect(await Promise.all(answers)).toEqual(sockets.map((_, index) => `hello ${index}`));
    await once((await dial()).resume(), 'end');
    expect(await shown(forward.id)).toMatchObject({ connections: 64, refused: 1 });
    for (const socket of sockets) socket.destroy();
    echo.close();
  });
});

/** The states that a forward went through, as the live events told them. */
function statesIn(events: readonly LiveEvent[], id: string): string[] {
  const told = events.flatMap((event) => {
    if (event.type === 'forward' && event.forward.id === id) return [event.forward.state];
    return event.type === 'forward-ended' && event.id === id ? ['ended'] : [];
  });
  return told.filter((state, at) => state !== told[at - 1]);
}
