import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PorchlightError } from '@porchlight/protocol';
import type { ClientChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, openOperatorsRig } from './operators-rig.ts';

type Rig = Awaited<ReturnType<typeof openOperatorsRig>>;
let rig: Rig;

beforeEach(async () => {
  rig = await openOperatorsRig();
  await rig.addDevice('router1');
  await rig.addDevice('bobs-box', 'a2');
});

/** Nothing of anybody is left. */
afterEach(async () => {
  await rig.close();
  await expect.poll(() => [rig.operators.size, rig.sockets.size, rig.sinks.length]).toEqual([0, 0, 0]);
});

const waitFor = (count: number) => expect.poll(() => rig.asked.length).toBe(count);
const fault = (promise: Promise<unknown>) =>
  promise.then(
    () => 'opened',
    (error: { reason: number; message: string }) => `${error.reason} ${error.message}`,
  );

describe('a channel to a device', () => {
  it('goes to a port or a service of a device of the account, and is noted once', async () => {
    const { jump } = await rig.connect();
    for (const [host, target] of [
      ['Router1', { port: 22 }],
      ['web.router1', { service: 'web' }],
    ] as const) {
      const opening = jump(host);
      await waitFor(host === 'Router1' ? 1 : 2);
      expect(rig.asked.at(-1)).toMatchObject({ device: 'router1', target });
      const echo = new PassThrough();
      rig.asked.at(-1)?.answer(echo);
      const channel = await opening;
      channel.end('ping');
      expect(await text(channel)).toBe('ping');
    }
    expect(rig.audited.map(({ action, detail }) => [action, detail?.['to']])).toEqual([
      ['operator.connected', undefined],
      ['operator.channel', 'port 22'],
      ['operator.channel', 'web'],
    ]);
  });

  it('an answer that comes only after the end of the question arrives', async () => {
    const { jump } = await rig.connect();
    const opening = jump('router1');
    await waitFor(1);
    const [ours, theirs] = pair();
    rig.asked[0]?.answer(ours);
    const channel = await opening;
    channel.end('question');
    let asked = '';
    theirs.on('data', (data: Buffer) => (asked += data.toString()));
    await once(theirs, 'end');
    expect(asked).toBe('question');
    theirs.end('answer');
    expect(await text(channel)).toBe('answer');
  });

  it('is refused with the true cause; what is unknown and what is foreign alike', async () => {
    const { jump } = await rig.connect();
    const none = '1 (SSH) Channel open failure: the relay reaches devices only, and none of yours is named ';
    for (const host of ['nobodys-box', 'bobs-box', 'web.bobs-box', 'example.org', '::1', 'constructor']) {
      expect(await fault(jump(host))).toBe(none + host);
    }
    expect(rig.asked).toEqual([]);
    for (const [error, words] of [
      [
        new PorchlightError('device_offline'),
        /^2 .*router1 has been offline since 2026-01-02 03:04 UTC \(connection lost\)/,
      ],
      [new PorchlightError('service_unknown'), /^2 .*router1 does not offer port 22 now; no service/],
      [new PorchlightError('service_unreachable'), /^2 .*nothing answers at port 22/],
      [new PorchlightError('device_timeout'), /^2 .*router1 did not answer in time/],
      [new PorchlightError('busy', 'Too many connections'), /^4 .*router1: Too many connections/],
      [new Error('secret inner words'), /^2 .*router1: the relay failed$/],
    ] as const) {
      const opening = fault(jump('router1'));
      await expect.poll(() => rig.asked.length).toBeGreaterThan(0);
      rig.asked.pop()?.fail(error);
      expect(await opening).toMatch(words);
    }
  });

  it('to a device that calls home is waited for, which is told where there is a standard error', async () => {
    const { jump, exec } = await rig.connect();
    const watching = exec('watch');
    await expect.poll(() => rig.sinks.length).toBe(1);
    const opening = fault(jump('router1'));
    await waitFor(1);
    rig.asked[0]?.options.onWaiting?.({ dueAt: rig.clock.now() + 42_000 });
    await rig.clock.advance(330_000);
    expect(await opening).toBe('2 (SSH) Channel open failure: router1 did not call home in time');
    rig.sinks[0]?.end();
    expect((await watching).stderr).toBe(
      'porchlight: waiting for router1, which calls home: expected in 42 s\n',
    );
  });

  it('256 at once and no more, and waiting ends with the connection', async () => {
    const { jump, client } = await rig.connect();
    const opening = Array.from({ length: 256 }, () => fault(jump('router1')));
    await waitFor(256);
    expect(await fault(jump('router1'))).toBe(
      '4 (SSH) Channel open failure: too many channels at once on this connection',
    );
    client.end();
    await expect.poll(() => rig.asked.every(({ options }) => options.signal.aborted)).toBe(true);
    await Promise.all(opening);
  });

  it('that is opened after its connection has gone is not left behind', async () => {
    const { jump, socket } = await rig.connect();
    void fault(jump('router1'));
    await waitFor(1);
    socket.destroy();
    await expect.poll(() => rig.operators.size).toBe(0);
    const late = new PassThrough();
    rig.asked[0]?.answer(late);
    await expect.poll(() => late.destroyed || rig.asked[0]?.options.signal.aborted).toBe(true);
  });
});

describe('a connection', () => {
  it.each([
    ['ssh-key-removed', ALICE, { type: 'ssh-key-removed', accountId: 'a1', keyId: 'k1' }],
    [
      'access-token-revoked',
      { ...ALICE, kind: 'access-token', tokenId: 't1' },
      { type: 'access-token-revoked', accountId: 'a1', tokenId: 't1' },
    ],
    ['account-removed', ALICE, { type: 'account-removed', accountId: 'a1' }],
  ] as const)('ends at once with what it came in by: %s', async (_name, person, event) => {
    rig.given.person = person;
    const { closed } = await rig.connect();
    const other = await rig.connect();
    rig.events.publish({ ...event, accountId: 'a2' });
    rig.events.publish({ type: 'ssh-key-removed', accountId: 'a1', keyId: 'another' });
    rig.events.publish({ type: 'access-token-revoked', accountId: 'a1', tokenId: 'another' });
    await Promise.resolve();
    expect(rig.operators.size).toBe(2);
    rig.events.publish(event);
    await Promise.all([closed, other.closed]);
  });

  it('ends when it turns out to be nobody: with the next command, channel or look', async () => {
    const [byCommand, byChannel, byLook] = [await rig.connect(), await rig.connect(), await rig.connect()];
    rig.given.gone = true;
    const ran = byCommand.exec('devices');
    await byCommand.closed;
    expect((await ran).stdout).toBe('');
    void fault(byChannel.jump('router1'));
    await byChannel.closed;
    await rig.clock.advance(20_000);
    await byLook.closed;
  });

  it('may be idle for days, and is ended when its client has gone without a word', async () => {
    const idle = await rig.connect();
    const gone = await rig.connect();
    gone.socket.pause();
    for (let n = 0; n < 6; n += 1) {
      await rig.clock.advance(20_000);
      const before = idle.socket.bytesWritten;
      await expect.poll(() => idle.socket.bytesWritten).toBeGreaterThanOrEqual(before);
      await idle.exec('help');
    }
    await expect.poll(() => rig.operators.size).toBe(1);
    expect((await idle.exec('help')).code).toBe(0);
  });

  it('there are 50 of one account', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => rig.connect()));
    const more = await rig.connect();
    await rig.clock.advance(1_000);
    await more.closed;
    expect(rig.operators.size).toBe(50);
    expect(rig.audited.at(-1)).toMatchObject({
      action: 'operator.refused',
      detail: { reason: 'too many connections' },
    });
    rig.given.person = { ...ALICE, accountId: 'a2' };
    const other = await rig.connect();
    expect((await other.exec('help')).code).toBe(0);
    for (const { client } of [...all, other]) client.end();
  });

  it('runs commands one after the other for ever, so many at once, and so many a second', async () => {
    const { exec } = await rig.connect();
    for (let n = 0; n < 100; n += 1) {
      expect((await exec('help')).code).toBe(0);
      await rig.clock.advance(1_000);
    }
    const all = Array.from({ length: 70 }, () =>
      exec('watch').then(
        () => 'ran',
        () => 'refused',
      ),
    );
    await expect.poll(() => rig.sinks.length).toBe(64);
    for (const sink of [...rig.sinks]) sink.end();
    expect((await Promise.all(all)).filter((one) => one === 'refused')).toHaveLength(6);
  });

  it('may send as much as it likes once it is in', async () => {
    const { jump } = await rig.connect();
    const opening = jump('router1');
    await waitFor(1);
    const sunk = new PassThrough();
    rig.asked[0]?.answer(sunk);
    const channel = await opening;
    let heard = 0;
    channel.on('data', (data: Buffer) => (heard += data.length));
    channel.end(Buffer.alloc(3_000_000));
    await once(channel, 'close');
    expect(heard).toBe(3_000_000);
  });

  it('that reads nothing fills no memory, in however many sessions', async () => {
    rig.given.answer = () => ({ items: [{ id: 'd', name: 'x'.repeat(300_000) }] });
    const { client } = await rig.connect();
    const protocol = Reflect.get(client, '_protocol');
    const { session } = protocol;
    protocol.session = (id: number, _window: number, packet: number) => session.call(protocol, id, 0, packet);
    let cut = 0;
    for (let n = 0; n < 10; n += 1) {
      client.exec('devices --json', (_error, channel) => channel?.resume().on('close', () => (cut += 1)));
    }
    await expect.poll(() => cut).toBe(6);
    client.end();
  });

  it('with packets that are too small is ended', async () => {
    for (const kind of ['session', 'directTcpip'] as const) {
      const { client, closed } = await rig.connect();
      const protocol = Reflect.get(client, '_protocol');
      if (kind === 'session') {
        protocol.session(0, 1_000_000, 1);
        await expect.poll(() => rig.operators.size).toBe(1);
        protocol.exec(0, 'help', true);
      } else {
        protocol.directTcpip(0, 1_000_000, 1, {
          dstIP: 'router1',
          dstPort: 22,
          srcIP: '127.0.0.1',
          srcPort: 1,
        });
        await waitFor(1);
        rig.asked[0]?.answer(new PassThrough());
      }
      await closed;
    }
  });

  it('that asks for remote forwards only is told that those are for devices; a thousand end it', async () => {
    const refused = async () => {
      const { client, closed } = await rig.connect();
      const answer = new Promise((resolve) => client.forwardIn('', 8080, (error) => resolve(error)));
      expect(await answer).toBeInstanceOf(Error);
      return { client, closed };
    };
    const { closed } = await refused();
    await rig.clock.advance(3_000);
    await closed;
    const flood = await refused();
    for (let n = 0; n < 100; n += 1) flood.client.forwardIn('', 8080, () => undefined);
    await flood.closed;
  });
});

describe('a command', () => {
  it('that gets what devices say shows nothing that a terminal acts on', async () => {
    const evil = 'x\x1b]0;owned\x07\u009b2J\u202e';
    const device = {
      ...{ id: 'd', name: evil, blocked: false, services: [{ name: evil, kind: 'tcp', offered: true }] },
      ...{ link: { up: true, since: 0, paused: false, agent: evil, address: evil }, bytesIn: 1, bytesOut: 1 },
    };
    const request = {
      id: 'r',
      code: evil,
      name: evil,
      address: evil,
      software: evil,
      fingerprint: evil,
      askedAt: 0,
    };
    const wifi = {
      ...{
        id: 'r',
        deviceId: 'd',
        deviceName: evil,
        name: evil,
        address: evil,
        code: evil,
        way: 'porchlight',
      },
      ...{ state: 'waiting', firstAskedAt: 0 },
    };
    rig.given.answer = ({ path }) => ({
      items: [path.includes('join') ? request : path.includes('lan') ? wifi : device],
    });
    const { exec } = await rig.connect();
    for (const line of [
      'devices',
      'links',
      'requests',
      'devices --json',
      'requests --json',
      `'${evil}'`,
      `kick '${evil}'`,
    ]) {
      const { stdout, stderr } = await exec(line);
      expect(stdout + stderr, line).toMatch(/^[^\p{Cf}]*$/u);
      expect((stdout + stderr).replaceAll('\n', ''), line).not.toMatch(/\p{Cc}/u);
      expect((stdout + stderr).length).toBeGreaterThan(5);
    }
  });

  it('lists WiFi devices at base stations among the requests, and answers them by code or id', async () => {
    const wifi = {
      ...{
        id: 'r1',
        deviceId: 'd1',
        deviceName: 'attic',
        name: 'sensor',
        address: '10.0.0.9',
        code: '123-456',
      },
      ...{ way: 'porchlight', state: 'waiting', firstAskedAt: 0 },
    };
    rig.given.answer = ({ path }) => ({ items: path === '/api/lan-requests' ? [wifi] : [] });
    const { exec } = await rig.connect();
    expect((await exec('requests')).stdout).toMatch(/123-456 +sensor +10\.0\.0\.9 +attic/);
    expect((await exec('allow 123456 --name kitchen')).stdout).toBe('kitchen is let in at attic\n');
    expect(rig.called.at(-1)).toEqual({
      ...{ method: 'POST', path: '/api/devices/d1/lan-requests/r1/allow' },
      body: { code: '123-456', name: 'kitchen' },
    });
    expect((await exec('deny r1')).stdout).toBe('turned away: sensor at attic\n');
    expect(rig.called.at(-1)).toMatchObject({
      ...{ path: '/api/devices/d1/lan-requests/r1/deny', body: { code: '123-456' } },
    });
    expect((await exec('allow r1 --tag x')).code).toBe(2);
    expect((await exec('deny 999999')).stderr).toContain('no join request');
  });

  it('on a terminal ends its lines as one needs it, and goes with Ctrl-C', async () => {
    const { exec } = await rig.connect();
    expect((await exec('help', true)).stdout).toMatch(/COMMAND[^\n]*\r\n\r\n/);
    expect((await exec('watch', true, '\x03')).code).toBe(130);
  });

  it('reads a public key from its standard input, but no book', async () => {
    rig.given.answer = ({ body }) => ({ name: 'x', fingerprint: JSON.stringify(body).length });
    const { exec } = await rig.connect();
    expect((await exec('enrol x', false, 'ssh-ed25519 AAAA')).code).toBe(0);
    expect(rig.called.at(-1)).toMatchObject({
      path: '/api/devices',
      body: { publicKey: 'ssh-ed25519 AAAA' },
    });
    await exec('enrol x', false, 'x'.repeat(100_000));
    expect(rig.called.at(-1)).toMatchObject({ body: { publicKey: '' } });
  });

  it('forward waits until the device has picked it up, and tells what it waits for', async () => {
    const forward = {
      id: 'f1',
      state: 'waiting',
      waiting: { reason: 'router1 calls home', read: false },
      allow: [],
    };
    rig.given.answer = () => forward;
    const { exec } = await rig.connect();
    const running = exec('forward router1 22:2222 --for 30m --allow 203.0.113.0/24');
    await expect.poll(() => rig.called.length).toBe(1);
    expect(rig.called[0]).toMatchObject({
      path: '/api/devices/id-router1/forwards',
      body: { port: 22, relayPort: 2222, minutes: 30, allow: ['203.0.113.0/24'] },
    });
    await expect.poll(() => rig.sinks.length).toBe(1);
    const told = (change: object) =>
      rig.sinks[0]?.send({ type: 'forward', forward: { ...forward, ...change } } as never, undefined);
    told({ waiting: { reason: 'router1 calls home', read: true } });
    told({ state: 'open', address: 'ssh -p 2222 root@relay.example', expiresAt: rig.clock.now() + 60_000 });
    expect(await running).toEqual({
      code: 0,
      stdout: 'ssh -p 2222 root@relay.example\n',
      stderr:
        'waiting: router1 calls home\nrouter1 has read it and is about to connect\nopen until 2026-01-01 00:01 UTC; "forwards close f1" ends it\n',
    });
  });
});

describe('the live list', () => {
  it('draws over itself, follows events and the size, and leaves the last one when it is left', async () => {
    const { client } = await rig.connect();
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.shell({ cols: 60, rows: 10 }, (error, opened) =>
        error === undefined ? resolve(opened) : reject(error),
      );
    });
    let shown = '';
    channel.on('data', (data: Buffer) => (shown += data.toString()));
    await expect.poll(() => shown).toContain('0 devices, 0 up');
    const device = {
      ...{ id: 'd', name: 'kitchen', blocked: false, services: [] },
      link: { up: true, since: rig.clock.now(), paused: false },
    };
    rig.sinks[0]?.send({ type: 'device', device } as never, 'd');
    await rig.clock.advance(250);
    const escape = String.fromCharCode(27);
    await expect.poll(() => shown).toMatch(/\[\d+A\r.\[J1 device, 1 up\r\nNAME.*\r\nkitchen +online/);
    expect(shown).not.toContain(`${escape}[?`);
    channel.setWindow(20, 40, 0, 0);
    await expect.poll(() => shown).toContain('\x1b[H\x1b[J');
    let code: number | undefined;
    channel.on('exit', (status: number) => (code = status));
    channel.write('q');
    await once(channel, 'close');
    expect([code, shown.endsWith('\r\n'), rig.sinks.length]).toEqual([0, true, 0]);
  });
});

/** Two ends of one byte stream, each half-closable. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [joined(back, there), joined(there, back)];
}

function joined(readable: PassThrough, writable: PassThrough): Duplex {
  return Duplex.from({ readable, writable });
}
