import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import ssh2, { type IdentityCallback, type ParsedKey } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardIn, newKey, openSshRig, type TestClient } from './ssh-rig.ts';

type Rig = Awaited<ReturnType<typeof openSshRig>>;
const LARGE_WINDOW = 0x7fffffff;

let rig: Rig;
beforeEach(async () => {
  rig = await openSshRig();
});
/** Whatever somebody did: an honest device gets its link, and of the others nothing stays. */
afterEach(async () => {
  const honest = await rig.link('honest');
  expect(rig.links.get(honest.id)?.services).toEqual([{ name: 'web', kind: 'http' }]);
  honest.client.end();
  await honest.closed;
  await expect.poll(() => rig.links.size).toBe(0);
  rig.close();
});

function rsaKey(bits: number): string {
  const format = { type: 'pkcs1', format: 'pem' } as const;
  return generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: format,
    publicKeyEncoding: format,
  }).privateKey;
}

/** True when the relay lets the client in. */
async function isLetIn(test: TestClient): Promise<boolean> {
  const ready = new Promise<boolean>((resolve) => void test.client.once('ready', () => resolve(true)));
  return Promise.race([ready, test.closed.then(() => false)]);
}

describe('authentication', () => {
  it('takes keys of every usual kind, each proven', async () => {
    for (const privateKey of [newKey(), rsaKey(2048)]) {
      const test = rig.start({ privateKey });
      expect(await isLetIn(test)).toBe(true);
      test.client.end();
    }
  });

  it('no password, no keyboard, nobody without a key', async () => {
    for (const config of [{ password: '' }, { password: 'x', tryKeyboard: true }, {}, { username: 'root' }])
      expect(await isLetIn(rig.start(config))).toBe(false);
  });

  it('no RSA key that is too small', async () => {
    expect(await isLetIn(rig.start({ privateKey: rsaKey(1024) }))).toBe(false);
  });

  /** A client whose agent signs as it is told. */
  const signing = (key: string, sign: (data: Buffer) => Buffer): TestClient => {
    const parsed = ssh2.utils.parseKey(key);
    if (parsed instanceof Error) throw parsed;
    class Agent extends ssh2.BaseAgent<ParsedKey> {
      getIdentities(done: IdentityCallback<ParsedKey>): void {
        done(undefined, [parsed as ParsedKey]);
      }
      sign(_key: unknown, data: Buffer, options: unknown, done?: unknown): void {
        const callback = typeof options === 'function' ? options : done;
        Reflect.apply(callback as (e: undefined, s: Buffer) => void, undefined, [undefined, sign(data)]);
      }
    }
    return rig.start({ agent: new Agent() });
  };

  it('a signature by another key, over other data, or none at all', async () => {
    const key = newKey();
    const other = ssh2.utils.parseKey(newKey());
    const own = ssh2.utils.parseKey(key);
    if (other instanceof Error || own instanceof Error) throw new Error('no key');
    const bytes = (signature: unknown): Buffer => signature as Buffer;
    expect(await isLetIn(signing(key, (data) => bytes(own.sign(data))))).toBe(true);
    for (const wrong of [
      (data: Buffer) => bytes(other.sign(data)),
      // A signature that was good in another session: its identifier is part of what is signed.
      (data: Buffer) => bytes(own.sign(Buffer.concat([Buffer.alloc(36, 7), data.subarray(36)]))),
      () => bytes(own.sign(Buffer.from('x'))),
      () => Buffer.alloc(0),
      () => Buffer.alloc(64),
      () => Buffer.alloc(5000, 1),
    ])
      expect(await isLetIn(signing(key, wrong))).toBe(false);
  });

  it('only so many tries', async () => {
    const keys = Array.from({ length: 40 }, () => newKey());
    let asked = 0;
    const test = rig.start({
      authHandler: (_left, _partial, next) => {
        const privateKey = keys[asked];
        asked += 1;
        if (privateKey === undefined) return next(false as never);
        // Each with a password besides: a try is a try.
        return next({ type: 'password', username: 'agent', password: 'x' } as never);
      },
    });
    expect(await isLetIn(test)).toBe(false);
    expect(asked).toBeLessThan(20);
  });

  it('so many of one address, and a slow one goes', async () => {
    const small = await openSshRig({ perAddress: 3 });
    try {
      const waiting = [small.dial(), small.dial(), small.dial()];
      await Promise.all(waiting.map((socket) => once(socket, 'data')));
      const fourth = small.dial();
      await once(fourth, 'close');
      await small.clock.advance(19_999);
      expect(waiting.every((socket) => !socket.destroyed)).toBe(true);
      const gone = waiting.map((socket) => once(socket, 'close'));
      await small.clock.advance(1);
      await Promise.all(gone);
      expect(await isLetIn(small.start({ privateKey: newKey() }))).toBe(true);
    } finally {
      small.close();
    }
  });

  it('one who is in and says no hello goes after ten seconds, also when it never hangs up', async () => {
    const test = await rig.connect();
    const control = await test.control();
    control.send({ type: 'ping', n: 1 });
    await control.heard('pong');
    await rig.clock.advance(10_000);
    await rig.clock.advance(1_000);
    await test.closed;
    await expect.poll(() => rig.sockets.size).toBe(0);
  });

  it('a stock client that nobody lets in goes after two minutes, also when it never hangs up', async () => {
    const test = await rig.connect();
    test.client.forwardIn('web', 80, () => undefined);
    await expect.poll(() => rig.audited.some(({ action }) => action === 'join-request.received')).toBe(true);
    test.socket.pause();
    await rig.clock.advance(2 * 60_000);
    await rig.clock.advance(1_000);
    await expect.poll(() => rig.sockets.size).toBe(0);
  });
});

describe('before anybody has let it in', () => {
  it('gets no command, no files and no connection', async () => {
    const test = await rig.connect();
    const tries: ((done: (error: Error | undefined) => void) => unknown)[] = [
      (done) => test.client.sftp((error) => done(error)),
      (done) => test.client.subsys('other', (error) => done(error)),
      (done) => test.client.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, (error) => done(error)),
      (done) => test.client.openssh_forwardOutStreamLocal('/run/x', (error) => done(error)),
    ];
    for (const attempt of tries)
      expect(await new Promise((resolve) => void attempt(resolve))).toBeInstanceOf(Error);
    test.client.end();
  });

  it('sessions are few', async () => {
    const test = await rig.connect();
    const open = (): Promise<boolean> =>
      new Promise(
        (resolve) => void test.client.subsys('other', (error) => resolve(/open/i.test(String(error)))),
      );
    const outcomes: boolean[] = [];
    for (let n = 0; n < 10; n += 1) outcomes.push(await open());
    expect(outcomes.slice(5).every((refused) => refused)).toBe(true);
    test.client.end();
  });

  it.each([0, 1, 1023])('a control channel with packets of %d bytes ends the connection', async (size) => {
    const test = await rig.connect();
    test.protocol.session(7, LARGE_WINDOW, size);
    await new Promise((resolve) => setImmediate(resolve));
    // The relay's first channel has the number 0.
    test.protocol.subsystem(0, 'porchlight-control', true);
    test.protocol.channelData(0, Buffer.from('{"type":"ping","n":1}\n'));
    await expect
      .poll(async () => {
        await rig.clock.advance(1_000);
        return rig.sockets.size;
      })
      .toBe(0);
  });
});

describe('the control channel', () => {
  const HELLO = { type: 'hello', version: 1, agent: 'test', name: 'robot' };

  it.each([
    ['a line that is too long', `{"type":"ping","n":1,"x":"${'x'.repeat(20_000)}"}\n`],
    ['a line without end', 'x'.repeat(20_000)],
    ['no JSON', 'hello\n'],
    ['an empty line', '\n'],
    ['an unknown message', '{"type":"shell"}\n'],
    ['a field too much', '{"type":"ping","n":1,"admin":true}\n'],
    ['__proto__', '{"__proto__":{"type":"ping"}}\n'],
    ['an array', '[{"type":"ping","n":1}]\n'],
    ['a name that is no service', '{"type":"services","services":[{"name":"a--b","kind":"http"}]}\n'],
    ['control characters', '{"type":"hello","version":1,"agent":"\\u001b[2J","name":"x"}\n'],
    ['another version', '{"type":"hello","version":2,"agent":"x","name":"x"}\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 10])],
  ])('%s: told why, and ended', async (_name, bytes) => {
    const test = await rig.connect();
    const control = await test.control();
    control.channel.write(bytes);
    expect((await control.heard('denied')).reason).not.toBe('');
    await rig.clock.advance(1_000);
    await test.closed;
  });

  it('any bytes at all: ended, or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const test = await rig.connect();
        const control = await test.control();
        control.channel.write(Buffer.concat([bytes, Buffer.from('\n')]));
        await control.heard('denied');
        await rig.clock.advance(1_000);
        await test.closed;
      }),
      { numRuns: 30, interruptAfterTimeLimit: 2_000 },
    );
  });

  it('a flood of messages ends it; a ping each 20 s does not', async () => {
    const test = await rig.connect();
    const control = await test.control();
    for (let n = 0; n < 50; n += 1) control.send({ type: 'ping', n });
    control.send({ type: 'ping', n: 50 });
    await expect.poll(() => control.said.length).toBe(51);
    for (let n = 0; n < 100; n += 1) control.send({ type: 'ping', n });
    await rig.clock.advance(1_000);
    await test.closed;
  });

  it('there is one only', async () => {
    const test = await rig.connect();
    await test.control();
    await expect(test.control()).rejects.toThrow();
    test.client.end();
  });

  it('a join request waits, is withdrawn when its connection goes, and its answer reaches the agent at once', async () => {
    const key = newKey();
    const first = await rig.connect(key);
    const control = await first.control();
    control.send(HELLO);
    const pending = await control.heard('pending');
    expect(pending.expires).toBe(600_000);
    const viewer = { accountId: 'a1', accountName: 'alice', admin: true, address: '' };
    expect(rig.joinRequests.list(viewer)).toMatchObject([{ code: pending.code, connected: true }]);
    // Not let in yet: nothing is forwarded, whatever it announces.
    await expect(forwardIn(first.client, 'web', 80)).rejects.toThrow();
    control.send({ type: 'services', services: [{ name: 'web', kind: 'http' }] });
    first.client.end();
    await expect.poll(() => rig.joinRequests.list(viewer)[0]?.connected).toBe(false);
    expect(rig.links.size).toBe(0);
    const second = await rig.connect(key);
    const again = await second.control();
    again.send(HELLO);
    expect((await again.heard('pending')).code).toBe(pending.code);
    const [request] = rig.joinRequests.list(viewer);
    await rig.joinRequests.allow(viewer, String(request?.id), {
      code: pending.code,
      name: 'robot',
      tags: [],
    });
    expect((await again.heard('welcome')).device).toBe('robot');
    second.client.end();
  });

  it('of many that race for the last use of a token one is let in', async () => {
    rig.tokens.set('ple_x', 1);
    const all = await Promise.all(Array.from({ length: 8 }, () => rig.connect()));
    const said = await Promise.all(
      all.map(async (test) => {
        const control = await test.control();
        control.send({ ...HELLO, token: 'ple_x' });
        return Promise.race([control.heard('welcome'), control.heard('denied')]);
      }),
    );
    expect(said.filter(({ type }) => type === 'welcome')).toHaveLength(1);
    expect(rig.devices.records.size).toBe(1);
    for (const { client } of all) client.end();
  });

  it('of devices that join by token under one name each gets a name of its own', async () => {
    rig.tokens.set('ple_x', 5);
    const names = [];
    for (let n = 0; n < 3; n += 1) {
      const test = await rig.connect();
      const control = await test.control();
      control.send({ ...HELLO, name: 'x'.repeat(40), token: 'ple_x' });
      names.push((await control.heard('welcome')).device);
      test.client.end();
    }
    expect(names).toEqual(['x'.repeat(32), `${'x'.repeat(30)}-2`, `${'x'.repeat(30)}-3`]);
  });
});

describe('a link', () => {
  it('offers what is announced and forwarded, under legal names at the one port, and no more than 64', async () => {
    const test = await rig.link('robot');
    for (const [host, port] of [
      ['', 80],
      ['0.0.0.0', 80],
      ['localhost', 8080],
      ['a--b', 80],
      ['UPPER', 80],
      ['../x', 80],
      ['web', 0],
      ['web', 22],
      ['x'.repeat(64), 80],
    ] as const)
      await expect(forwardIn(test.client, host, port), `${host}:${port}`).rejects.toThrow();
    for (let n = 1; n < 64; n += 1) await forwardIn(test.client, `s${n}`, 80);
    await expect(forwardIn(test.client, 'one-more', 80)).rejects.toThrow();
    expect(rig.links.get(test.id)?.services).toEqual([{ name: 'web', kind: 'http' }]);
    test.client.end();
    await test.closed;
  });

  it('a thousand forwards end it', async () => {
    const test = await rig.link('robot');
    for (let n = 0; n < 1000; n += 1) test.protocol.tcpipForward('web', 80, false);
    await rig.clock.advance(1_000);
    await test.closed;
  });

  it('comes back without a write when nothing has changed, and writes little when much does', async () => {
    const key = newKey();
    const test = await rig.link('robot', ['a', 'b', 'c'], key);
    expect(rig.devices.writes).toBeLessThanOrEqual(2);
    for (let n = 0; n < 50; n += 1) {
      test.protocol.cancelTcpipForward('a', 80, false);
      test.protocol.tcpipForward('a', 80, false);
    }
    test.control.send({ type: 'ping', n: 2 });
    await expect.poll(() => test.control.said.filter(({ type }) => type === 'pong').length).toBe(2);
    expect(rig.devices.writes).toBeLessThanOrEqual(2);
    test.client.end();
    await test.closed;
  });

  it('a second connection of the same key takes over: down before up, and nothing of the old one stays', async () => {
    const old = await rig.link('robot');
    const fresh = await rig.link('robot', ['web'], old.key);
    expect(rig.log).toEqual(['up robot', 'down robot: the device connected again', 'up robot']);
    await rig.clock.advance(1_000);
    await old.closed;
    expect([rig.links.size, rig.log.length]).toEqual([1, 3]);
    fresh.client.end();
    await fresh.closed;
    await expect.poll(() => rig.links.size).toBe(0);
  });

  it('one that dies without a word leaves nothing, and its waiting channel ends', async () => {
    const test = await rig.link('robot');
    const link = rig.links.get(test.id);
    const opening = link?.openChannel('web', { address: '127.0.0.1', port: 0 });
    test.socket.destroy();
    await expect(opening).rejects.toMatchObject({
      code: expect.stringMatching(/device_offline|service_unreachable/),
    });
    await expect.poll(() => rig.links.size).toBe(0);
    expect(link?.openChannels).toBe(0);
    await expect(link?.openChannel('web', { address: '', port: 0 })).rejects.toMatchObject({
      code: 'device_offline',
    });
  });

  it('one that does not answer: each channel has its deadline, and they are bounded', async () => {
    const test = await rig.link('robot');
    test.client.removeAllListeners('tcp connection');
    test.client.on('tcp connection', () => undefined);
    const link = rig.links.get(test.id);
    if (link === undefined) throw new Error('no link');
    if (link === undefined) throw new Error('the device has no link');
    const opening = Array.from({ length: 256 }, () =>
      link.openChannel('web', { address: '127.0.0.1', port: 0 }),
    );
    const codes = Promise.all(opening.map((one) => one.catch((error: { code: string }) => error.code)));
    await expect(link.openChannel('web', { address: '', port: 0 })).rejects.toMatchObject({ code: 'busy' });
    await rig.clock.advance(10_000);
    expect(new Set(await codes)).toEqual(new Set(['device_timeout']));
    test.client.end();
    await test.closed;
    await expect.poll(() => link.openChannels).toBe(0);
  });

  it('names of services never reach further than what is offered', async () => {
    const test = await rig.link('robot');
    for (const name of ['constructor', '__proto__', 'other', '', '127.0.0.1'])
      await expect(rig.links.get(test.id)?.openChannel(name, { address: '', port: 0 })).rejects.toMatchObject(
        {
          code: 'service_unknown',
        },
      );
    test.client.end();
    await test.closed;
  });

  it('one that sends more than the window allows is ended', async () => {
    const test = await rig.link('robot');
    const accepted = new Promise<number>((resolve) => {
      test.client.on('tcp connection', (_details, accept) => {
        const channel = accept();
        resolve((Reflect.get(channel, 'outgoing') as { id: number }).id);
      });
    });
    const channel = await rig.links.get(test.id)?.openChannel('web', { address: '127.0.0.1', port: 0 });
    const recipient = await accepted;
    for (let n = 0; n < 400; n += 1) test.protocol.channelData(recipient, Buffer.alloc(32_000));
    await expect.poll(() => Number(channel?.readableLength)).toBeLessThan(5 * 1024 * 1024);
    // ssh2 drops what comes when the window is at nought; what slips past it ends the link.
    test.client.end();
    await test.closed;
  });

  it.each([0, 1, 512])(
    'one that takes packets of %d bytes only is ended, and the relay goes on',
    async (size) => {
      const test = await rig.link('robot');
      const confirm = test.protocol.channelOpenConfirm.bind(test.protocol);
      test.protocol.channelOpenConfirm = (recipient, sender) =>
        confirm(recipient, sender, LARGE_WINDOW, size);
      test.client.on('tcp connection', (_details, accept) => void accept());
      const opening = rig.links.get(test.id)?.openChannel('web', { address: '127.0.0.1', port: 0 });
      await expect(opening).rejects.toMatchObject({ code: 'service_unreachable' });
      await rig.clock.advance(1_000);
      await test.closed;
      expect(rig.log.at(-1)).toBe('down robot: the device asked for packets that are too small');
    },
  );

  it('one that grants an endless window and reads nothing holds its visitor, and fills no memory', async () => {
    const test = await rig.link('robot');
    const confirm = test.protocol.channelOpenConfirm.bind(test.protocol);
    test.protocol.channelOpenConfirm = (recipient, sender) =>
      confirm(recipient, sender, LARGE_WINDOW, 32_768);
    test.client.on('tcp connection', (_details, accept) => void accept());
    const link = rig.links.get(test.id);
    const channel = await link?.openChannel('web', { address: '127.0.0.1', port: 0 });
    test.socket.pause();
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    // As a pipe does: as long as the channel takes more, and until it has not for many turns.
    for (let idle = 0; idle < 200 && written < 256 * 1024 * 1024; ) {
      if (channel !== undefined && !channel.writableNeedDrain) {
        channel.write(chunk);
        written += chunk.length;
        idle = 0;
      } else idle += 1;
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(written).toBeLessThan(32 * 1024 * 1024);
    expect(Number(link?.unsent)).toBeLessThan(32 * 1024 * 1024);
    test.socket.destroy();
    await expect.poll(() => rig.links.size).toBe(0);
  });

  it('ends when its device is removed', async () => {
    const test = await rig.link('robot');
    rig.links.endWhere((one) => one.deviceId === test.id, 'the device was removed');
    expect(rig.links.size).toBe(0);
    await rig.clock.advance(1_000);
    await test.closed;
    expect(rig.log).toEqual(['up robot', 'down robot: the device was removed']);
  });
});

it('two hundred connections that speak rubbish leave it serving', async () => {
  const rubbish = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), bytes])),
    fc.constantFrom(
      ...['SSH-1.99-x\r\n', 'SSH-2.0-', 'SSH-2.0\r\n', 'SSH-9.9-x\r\n'].map((text) => Buffer.from(text)),
    ),
    fc.constant(
      Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3])]),
    ),
    fc.constant(Buffer.from(`SSH-2.0-${'x'.repeat(70_000)}`)),
    fc.constant(Buffer.from('x\r\n'.repeat(5_000))),
  );
  const samples = fc.sample(rubbish, 200);
  for (const bytes of samples) {
    const socket = rig.dial();
    socket.resume();
    socket.end(bytes);
    if (!socket.destroyed) await once(socket, 'close');
  }
  await expect.poll(() => rig.sockets.size).toBe(0);
});
