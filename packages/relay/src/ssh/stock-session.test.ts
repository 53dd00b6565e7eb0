import { once } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinkWatch } from '../links/index.ts';
import { forwardIn, newKey, openSshRig, type TestClient } from './ssh-rig.ts';
import { StockLink } from './stock-link.ts';

let rig: Awaited<ReturnType<typeof openSshRig>>;

beforeEach(async () => {
  rig = await openSshRig();
});

afterEach(() => rig.close());

/** A stock client that has logged in; what it is told at the end is kept. */
async function login(username: string, privateKey: string): Promise<TestClient & { told(): string }> {
  let told = '';
  const debug = (line: string): void => {
    told = /Received DISCONNECT \(\d+, "(.+)"\)/s.exec(line)?.[1] ?? told;
  };
  const test = rig.start({ username, privateKey, debug });
  await once(test.client, 'ready');
  return { ...test, protocol: test.protocol, told: () => told };
}

/** Resolves when the relay has told the client this and ended the connection. */
async function toldAndEnded(test: Awaited<ReturnType<typeof login>>, why: string): Promise<void> {
  await expect.poll(test.told).toContain(why);
  await rig.clock.advance(1_000);
  await test.closed;
}

/** Asks for a forward and gives the port that it got. */
function bind(test: TestClient, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    test.client.forwardIn(host, port, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number | undefined;
}

function exec(test: TestClient, command: string, input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    test.client.exec(command, (error: Error | undefined, channel: ClientChannel) => {
      if (error !== undefined) return reject(error);
      let [out, err, code] = ['', '', undefined as number | undefined];
      channel.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      channel.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
      });
      channel.on('exit', (status: number) => {
        code = status;
      });
      channel.on('close', () => resolve({ out, err, code }));
      channel.end(input);
    });
  });
}

const servicesOf = (id: string): string[] =>
  (rig.links.get(id)?.services ?? []).map(({ name, port }) => `${name}@${port}`).sort();

describe('several connections of a device', () => {
  it('are one link: up with the first, down with the last, each with its own services', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const [one, two] = [await login('router1', key), await login('router1', key)];
    await forwardIn(one.client, 'localhost', 80);
    await forwardIn(two.client, 'shell', 22);
    expect(servicesOf(id)).toEqual(['80@80', 'shell@22']);
    expect(rig.log).toEqual(['up router1']);
    const link = rig.links.get(id);
    expect(link?.bytesIn).toBeGreaterThan(one.socket.bytesWritten - 1000);
    one.client.end();
    await one.closed;
    await expect.poll(() => servicesOf(id)).toEqual(['shell@22']);
    expect([rig.log, rig.links.get(id) === link]).toEqual([['up router1'], true]);
    two.client.end();
    await two.closed;
    await expect.poll(() => rig.links.size).toBe(0);
    expect(rig.log).toEqual(['up router1', 'down router1: the device disconnected']);
    expect(link?.bytesIn).toBeGreaterThan(1000);
    expect(rig.connections.size).toBe(0);
  });

  it('a forward that another holds moves to the new one, and the old one ends when nothing of it is left', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const [old, fresh] = [await login('router1', key), await login('router1', key)];
    await forwardIn(old.client, '', 80);
    await forwardIn(old.client, '', 22);
    let asked: TestClient | undefined;
    for (const test of [old, fresh]) {
      test.client.on('tcp connection', (_details, accept) => {
        asked = test;
        accept().end('HTTP/1.1 200 OK\r\n\r\n');
      });
    }
    await forwardIn(fresh.client, '', 80);
    const channel = await rig.links.get(id)?.openChannel('80', { address: '127.0.0.1', port: 1 });
    channel?.destroy();
    expect([asked === fresh, rig.log, servicesOf(id)]).toEqual([true, ['up router1'], ['22@22', '80@80']]);
    await forwardIn(fresh.client, '', 22);
    await toldAndEnded(old, 'connected again');
    expect([rig.log, servicesOf(id)]).toEqual([['up router1'], ['22@22', '80@80']]);
  });

  it('a half-open one is noticed within 30 s, and ends alone', async () => {
    const watch = new LinkWatch({ clock: rig.clock });
    rig.links.listen(watch);
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const [well, dead] = [await login('router1', key), await login('router1', key)];
    await forwardIn(well.client, '', 80);
    await forwardIn(dead.client, '', 22);
    // Its answers never arrive any more.
    dead.socket.removeAllListeners('data');
    dead.socket.pause();
    for (let second = 0; second < 30; second += 1) {
      await rig.clock.advance(1_000);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
    await expect.poll(() => servicesOf(id)).toEqual(['80@80']);
    expect(rig.log).toEqual(['up router1']);
    watch.close();
  });

  it('are 16 at most; the next one is told so, and the others go on', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    for (let n = 0; n < 16; n += 1) await forwardIn((await login('router1', key)).client, `s${n}`, 80);
    const late = await login('router1', key);
    await expect(forwardIn(late.client, 'late', 80)).rejects.toThrow();
    await toldAndEnded(late, 'as many connections as a link may have');
    expect(servicesOf(id)).toHaveLength(16);
  });

  it('an agent of the same key takes over, and all of them end', async () => {
    const key = newKey();
    await rig.enrol('router1', key);
    const stock = await login('router1', key);
    await forwardIn(stock.client, '', 80);
    const agent = await rig.link('router1', ['web'], key);
    await rig.clock.advance(1_000);
    await stock.closed;
    expect(rig.log).toEqual(['up router1', 'down router1: the device connected again', 'up router1']);
    expect(servicesOf(agent.id)).toEqual(['web@undefined']);
  });

  it('are all ended when the device is kicked, also one that is about to become a link', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const [linked, errand] = [await login('router1', key), await login('router1', key)];
    await forwardIn(linked.client, '', 80);
    await exec(errand, 'inbox');
    rig.connections.end(id, 'an operator ended it');
    await toldAndEnded(linked, 'Porchlight: an operator ended it');
    await toldAndEnded(errand, 'Porchlight: an operator ended it');
    expect(rig.links.size).toBe(0);
  });
});

describe('forwards', () => {
  it('of port 0 get ports of their own, by which they are opened and taken back', async () => {
    const key = newKey();
    const id = await rig.enrol('robot', key);
    const [one, two] = [await login('robot', key), await login('robot', key)];
    const ports = [
      await bind(one, 'localhost', 0),
      await bind(one, '', 0),
      await bind(two, '', 0),
      await bind(two, 'web', 0),
    ];
    expect(new Set(ports).size).toBe(4);
    expect(servicesOf(id)).toHaveLength(4);
    const opened = once(one.client, 'tcp connection');
    void rig.links
      .get(id)
      ?.openChannel(String(ports[0]), { address: '127.0.0.1', port: 9 })
      .catch(() => undefined);
    const [details] = await opened;
    expect(details).toMatchObject({ destIP: 'localhost', destPort: ports[0] });
    await new Promise<void>((resolve, reject) => {
      one.client.unforwardIn('localhost', ports[0] ?? 0, (error) => (error ? reject(error) : resolve()));
    });
    expect(servicesOf(id)).toHaveLength(3);
  });

  it.each([
    ['the same twice', 'web', 80],
    ['an upper-case name twice', 'WEB', 81],
    ['a port beyond all', '', 70_000],
    ['a name with dashes that are reserved', 'a--b', 80],
    ['a path', '../x', 80],
    ['a name of 30 letters', 'x'.repeat(30), 80],
  ])('%s: refused, and the rest stays', async (_what, host, port) => {
    const key = newKey();
    const id = await rig.enrol('robot', key);
    const test = await login('robot', key);
    await forwardIn(test.client, 'web', 80);
    await expect(forwardIn(test.client, host, port)).rejects.toThrow();
    await rig.clock.advance(10_000);
    expect(servicesOf(id)).toEqual(['web@80']);
  });

  it('all refused: the client is told why, and ended', async () => {
    const key = newKey();
    await rig.enrol('robot', key);
    const test = await login('robot', key);
    await expect(forwardIn(test.client, 'no_name', 80)).rejects.toThrow();
    await rig.clock.advance(500);
    await toldAndEnded(test, 'can be no name of a service');
  });

  it('five hundred at once: 64 are taken, each of the others is refused, and two thousand end it', async () => {
    const key = newKey();
    const id = await rig.enrol('robot', key);
    const test = await login('robot', key);
    const all = Array.from({ length: 500 }, (_, n) => forwardIn(test.client, '', 1000 + n));
    const taken = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled');
    expect([taken.length, servicesOf(id).length]).toEqual([64, 64]);
    const other = await rig.link('other');
    for (let n = 0; n < 2_000; n += 1) test.protocol.tcpipForward('x', 80, false);
    await toldAndEnded(test, 'too many forwards');
    expect(rig.links.get(other.id)?.services).toHaveLength(1);
  });
});

describe('when a connection is a link', () => {
  it('not while it only executes; it ends soon after, and its bytes count as a call', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const test = await login('router1', key);
    expect(await exec(test, 'inbox')).toEqual({ out: '', err: '', code: 0 });
    expect([rig.log, rig.calls]).toEqual([[], [{ deviceId: id }]]);
    await rig.clock.advance(21_000);
    await test.closed;
    await expect.poll(() => rig.calls.length).toBe(2);
    expect(rig.calls[1]?.bytes?.in).toBeGreaterThan(500);
    expect([rig.log, rig.connections.size]).toEqual([[], 0]);
  });

  it('a device with a link goes on while another of its connections executes', async () => {
    const key = newKey();
    await rig.enrol('router1', key);
    const [staying, calling] = [await login('router1', key), await login('router1', key)];
    await forwardIn(staying.client, '', 80);
    await exec(calling, 'beat', 'uptime=1\n');
    calling.client.end();
    await calling.closed;
    expect(rig.log).toEqual(['up router1']);
  });

  it('after eight seconds of silence: `ssh -N` without a forward stays', async () => {
    const key = newKey();
    await rig.enrol('router1', key);
    await login('router1', key);
    await rig.clock.advance(7_000);
    expect(rig.log).toEqual([]);
    await rig.clock.advance(100_000);
    expect(rig.log).toEqual(['up router1']);
  });
});

describe('commands', () => {
  it('the inbox is read once; what it leads to is a service of the port that was asked for, as long as it may be', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    rig.portRequests.ask({
      ...{ deviceId: id, devicePort: 22, relayPort: undefined },
      expiresAt: rig.clock.now() + 3600_000,
    });
    const asking = await login('router1', key);
    expect((await exec(asking, 'inbox')).out).toBe('forward 22:40000 3600\n');
    expect((await exec(asking, ' inbox ')).out).toBe('');
    const test = await login('router1', key);
    await forwardIn(test.client, 'localhost', 40_000);
    expect(servicesOf(id)).toEqual(['22@22']);
    // The same again is refused, and changes nothing.
    await expect(forwardIn(test.client, 'localhost', 40_000)).rejects.toThrow();
    expect(rig.portRequests.waiting(id)).toEqual([]);
    test.socket.destroy();
    await expect.poll(() => rig.portRequests.waiting(id).length).toBe(1);
    const again = await login('router1', key);
    await forwardIn(again.client, 'localhost', 40_000);
    expect(rig.portRequests.waiting(id)).toEqual([]);
    await rig.clock.advance(3600_000);
    await toldAndEnded(again, 'the time of this forward is over');
    await expect.poll(() => rig.links.size).toBe(0);
  });

  it('a beat brings readings, alone or with the inbox', async () => {
    const key = newKey();
    await rig.enrol('router1', key);
    const test = await login('router1', key);
    expect(await exec(test, 'beat', 'uptime=5\nload=0.1\n')).toEqual({ out: '', err: '', code: 0 });
    expect(await exec(test, 'beat inbox', 'x=1\nnonsense\n')).toMatchObject({
      ...{ out: '', code: 0 },
      err: expect.stringContaining('line 2 is not key=value'),
    });
    expect(await exec(test, 'beat', 'x'.repeat(20_000))).toMatchObject({
      ...{ code: 1 },
      err: expect.stringContaining('16384 bytes at most'),
    });
    expect(rig.readings).toEqual([
      new Map([
        ['uptime', '5'],
        ['load', '0.1'],
      ]),
      new Map([['x', '1']]),
    ]);
  });

  it.each([
    ['a program', 'reboot'],
    ['nothing', ''],
    ['two commands', 'inbox; id'],
    ['a path', '/usr/bin/inbox'],
    ['a long line', 'x'.repeat(2_000)],
    ["another system's command", 'et-home-ping.sh'],
  ])('%s is none: 127, and what there is', async (_what, command) => {
    const key = newKey();
    await rig.enrol('router1', key);
    const ran = await exec(await login('router1', key), command);
    expect(ran).toMatchObject({
      out: '',
      code: 127,
      err: expect.stringMatching(/inbox, beat, beat inbox\n$/),
    });
    expect(rig.calls).toEqual([]);
  });

  it('one whose input never ends is ended after 15 s', async () => {
    const key = newKey();
    await rig.enrol('router1', key);
    const test = await login('router1', key);
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      test.client.exec('beat', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    channel.write('uptime=5\n');
    const exit = once(channel, 'exit');
    channel.resume();
    await rig.clock.advance(15_000);
    expect((await exit)[0]).toBe(124);
  });

  it('one of a device that is not let in yet waits for Allow', async () => {
    const key = newKey();
    const test = await login('router1', key);
    const ran = exec(test, 'beat', 'uptime=5\n');
    const viewer = { accountId: 'a1', accountName: 'alice', admin: true, address: '' };
    await expect.poll(() => rig.joinRequests.list(viewer).length).toBe(1);
    const [request] = rig.joinRequests.list(viewer);
    const { id = '', code = '' } = request ?? {};
    await rig.joinRequests.allow(viewer, id, { code, name: 'router1', tags: [] });
    expect(await ran).toEqual({ out: '', err: '', code: 0 });
    expect(rig.readings).toEqual([new Map([['uptime', '5']])]);
  });
});

describe('the routers of ET Phone Home', () => {
  const USER = 'device0018E7DD01AA';

  it('get one message for each call, forward exactly that, and may be called what people like', async () => {
    const key = newKey();
    const id = await rig.enrol('attic', key);
    const ask = (devicePort: number, relayPort: number): void => {
      const expiresAt = rig.clock.now() + 60_000;
      rig.portRequests.ask({ deviceId: id, devicePort, relayPort, expiresAt });
    };
    const ping = async (): Promise<string> =>
      (await exec(await login(USER, key), '/usr/local/bin/et-home-ping.sh')).out;
    expect(await ping()).toBe('0\n');
    ask(22, 10_022);
    ask(80, 10_080);
    expect([await ping(), await ping(), await ping()]).toEqual(['22:10022\n', '80:10080\n', '0\n']);
    const [shell, web, wrong] = [await login(USER, key), await login(USER, key), await login(USER, key)];
    await forwardIn(shell.client, 'localhost', 10_022);
    await forwardIn(web.client, '', 10_080);
    expect(servicesOf(id)).toEqual(['22@22', '80@80']);
    await expect(forwardIn(wrong.client, '', 23)).rejects.toThrow();
    await rig.clock.advance(500);
    await toldAndEnded(wrong, 'nobody asked this device for port 23');
  });

  it('two that are asked for one port do not collide', async () => {
    const [one, two] = [newKey(), newKey()];
    const ids = [await rig.enrol('attic', one), await rig.enrol('barn', two)];
    for (const deviceId of ids) {
      rig.portRequests.ask({
        deviceId,
        devicePort: 22,
        relayPort: 9000,
        expiresAt: rig.clock.now() + 60_000,
      });
    }
    await forwardIn((await login('device000000000001', one)).client, '', 9000);
    await forwardIn((await login('device000000000002', two)).client, '', 9000);
    expect(ids.map(servicesOf)).toEqual([['22@22'], ['22@22']]);
  });

  it('other commands of theirs are none', async () => {
    const key = newKey();
    await rig.enrol('attic', key);
    for (const command of ['et-home-ping.sh; id', 'xet-home-ping.sh', 'sh et-home-ping.sh']) {
      expect((await exec(await login(USER, key), command)).code).toBe(127);
    }
  });
});

describe('who is kept out', () => {
  it('a blocked key is told so', async () => {
    const key = newKey();
    const id = await rig.enrol('router1', key);
    const record = rig.devices.records.get(id);
    if (record !== undefined) rig.devices.records.set(id, { ...record, blockedAt: 1 });
    const test = await login('router1', key);
    await expect(forwardIn(test.client, '', 80)).rejects.toThrow();
    await toldAndEnded(test, 'this key is blocked');
    const agent = await rig.connect(key);
    const control = await agent.control();
    control.send({ type: 'hello', version: 1, agent: 'test', name: 'x' });
    expect(await control.heard('denied')).toMatchObject({ reason: 'this key is blocked', retry: false });
  });

  it('a token that is mangled appears nowhere', async () => {
    const test = await login('ple_short', newKey());
    void exec(test, 'inbox').catch(() => undefined);
    await toldAndEnded(test, 'token is unknown');
    expect(JSON.stringify(rig.audited)).not.toContain('ple');
    const viewer = { accountId: 'a1', accountName: 'alice', admin: true, address: '' };
    expect(rig.joinRequests.list(viewer)).toEqual([]);
  });
});

describe('a client that means harm', () => {
  it.each([0, 1, 1023])('a shell or command with packets of %d bytes ends the connection', async (size) => {
    for (const start of ['shell', 'exec'] as const) {
      const key = newKey();
      await rig.enrol(`robot-${start}`, key);
      const test = await login(`robot-${start}`, key);
      test.protocol.session(7, 2 ** 31, size);
      await new Promise((resolve) => setImmediate(resolve));
      const protocol = test.protocol as unknown as Record<string, (...args: unknown[]) => void>;
      if (start === 'shell') protocol['shell']?.(0, true);
      else protocol['exec']?.(0, 'inbox', true);
      await expect
        .poll(async () => {
          await rig.clock.advance(1_000);
          return rig.sockets.size;
        })
        .toBe(0);
    }
  });

  it('a second command in one session is passed over', async () => {
    const key = newKey();
    await rig.enrol('robot', key);
    const test = await login('robot', key);
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      test.client.exec('beat', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const protocol = test.protocol as unknown as { exec(id: number, command: string, reply: boolean): void };
    for (let n = 0; n < 20; n += 1) protocol.exec(0, 'beat', false);
    const exit = once(channel, 'exit');
    channel.resume();
    channel.end('a=1\n');
    expect((await exit)[0]).toBe(0);
  });

  it('one that grants an endless window and reads nothing holds its visitor; the other connection goes on', async () => {
    const key = newKey();
    const id = await rig.enrol('robot', key);
    const [test, well] = [await login('robot', key), await login('robot', key)];
    await forwardIn(test.client, 'greedy', 22);
    await forwardIn(well.client, 'well', 22);
    const confirm = test.protocol.channelOpenConfirm.bind(test.protocol);
    test.protocol.channelOpenConfirm = (recipient, sender) => confirm(recipient, sender, 2 ** 31, 32_768);
    test.client.on('tcp connection', (_details, accept) => void accept());
    well.client.on('tcp connection', (_details, accept) => {
      const channel = accept();
      channel.pipe(channel);
    });
    const link = rig.links.get(id);
    const channel = await link?.openChannel('greedy', { address: '127.0.0.1', port: 0 });
    test.socket.pause();
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    for (let idle = 0; idle < 200 && written < 256 * 1024 * 1024; ) {
      if (channel !== undefined && !channel.writableNeedDrain) {
        channel.write(chunk);
        written += chunk.length;
        idle = 0;
      } else idle += 1;
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(Number(link?.unsent)).toBeLessThan(32 * 1024 * 1024);
    const other = await link?.openChannel('well', { address: '127.0.0.1', port: 0 });
    other?.write('hello');
    expect(String((await once(other ?? test.client, 'data'))[0])).toBe('hello');
  });

  it('one that reads nothing fills no memory with its shell', async () => {
    const key = newKey();
    const id = await rig.enrol('robot', key);
    const test = await login('robot', key);
    await new Promise((resolve, reject) => {
      test.client.shell((error, channel) => (error ? reject(error) : resolve(channel)));
    });
    test.socket.pause();
    for (let n = 0; n < 400; n += 1) {
      test.protocol.tcpipForward(`s${n % 60}`, 80, false);
      test.protocol.cancelTcpipForward(`s${n % 60}`, 80, false);
    }
    await rig.clock.advance(4_000);
    const link = rig.links.get(id);
    expect(link).toBeInstanceOf(StockLink);
    expect(Number(link?.unsent)).toBeLessThan(1024 * 1024);
  });
});
