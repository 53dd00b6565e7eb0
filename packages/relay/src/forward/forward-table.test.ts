import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, codeOf, createForwardRig, dial, type ForwardRig, mallory } from './forward-rig.ts';
import type { ForwardTable } from './forward-table.ts';
import type { ForwardWish } from './forwards.ts';

describe('forwards', () => {
  let rig: ForwardRig;
  let table: ForwardTable;
  let to: ForwardWish;

  beforeEach(async () => {
    rig = await createForwardRig();
    rig.links.attach(
      rig.linkOf(rig.robot, [
        { name: 'ssh', kind: 'tcp' },
        { name: 'web', kind: 'http' },
      ]),
    );
    table = rig.tableOn({});
    to = { device: rig.robot, target: { service: 'ssh' }, minutes: 10 };
  });
  /** Everything ends with the table, here and at the device. */
  afterEach(async () => {
    table.closeAll();
    await expect.poll(() => rig.sockets.size).toBe(0);
    rig.close();
    expect([rig.clock.waiting, rig.errors]).toEqual([0, []]);
  });

  const actions = () => rig.entries.map(({ action }) => action);
  const only = () => table.list('alice', 'd1')[0];

  it('lead to the service, and are listed to their account only', async () => {
    const forward = await table.open(alice, to);
    const socket = await dial(forward.port);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(table.list('alice', 'd1')).toMatchObject([
      {
        ...{ id: forward.id, state: 'open', host: 'localhost', connections: 1, connectionsTotal: 1 },
        ...{ address: `ssh -p ${forward.port} root@localhost`, bytesIn: 5, bytesOut: 5, service: 'ssh' },
      },
    ]);
    expect(table.list('alice')).toHaveLength(1);
    expect(table.get('alice', forward.id)?.id).toBe(forward.id);
    expect([table.list('mallory'), table.list('mallory', 'd1'), table.list('alice', 'd2')]).toEqual([
      [],
      [],
      [],
    ]);
    expect([table.get('mallory', forward.id), table.get('alice', 'constructor')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await table.close('mallory', forward.id)).toBe(false);
    expect(await table.close('alice', 'constructor')).toBe(false);
    const closed = once(socket.resume(), 'end');
    expect(await table.close('alice', forward.id)).toBe(true);
    await closed;
    expect(await table.close('alice', forward.id)).toBe(false);
    await expect(dial(forward.port)).rejects.toThrow();
    expect(actions()).toEqual(['forward.opened', 'forward.closed']);
    expect(rig.entries[1]?.detail).toMatchObject({ connections: 1, bytesIn: 5, bytesOut: 5 });
    expect(rig.events.map(({ type }) => type).filter((type) => type.startsWith('forward'))).toEqual([
      'forward-changed',
      'forward-ended',
    ]);
  });

  it('a peer that answers only after the end is heard, from either side', async () => {
    rig.device.onConnection = (socket) => {
      socket.resume();
      socket.on('end', () => socket.end('answer after EOF'));
    };
    const forward = await table.open(alice, to);
    const asking = await dial(forward.port);
    asking.end('question');
    expect(await text(asking)).toBe('answer after EOF');
    let heard: string | undefined;
    rig.device.onConnection = (socket) => {
      socket.end('greeting');
      void text(socket).then((all) => {
        heard = all;
      });
    };
    const answering = await dial(forward.port);
    expect(String((await once(answering, 'data'))[0])).toBe('greeting');
    await once(answering.resume(), 'end');
    answering.end('answer after the other EOF');
    await expect.poll(() => heard).toBe('answer after the other EOF');
    await expect.poll(() => only()?.connections).toBe(0);
  });

  it('end by the clock, with the connections on them', async () => {
    const forward = await table.open(alice, to);
    expect(forward.expiresAt).toBe(rig.clock.now() + 10 * 60_000);
    const socket = await dial(forward.port);
    await rig.clock.advance(10 * 60_000 - 1);
    expect(table.list('alice')).toHaveLength(1);
    const closed = once(socket.resume(), 'end');
    await rig.clock.advance(1);
    await closed;
    expect(table.list('alice')).toEqual([]);
  });

  it('an hour unless told, never longer than the relay allows', async () => {
    const hour = await table.open(alice, { ...to, minutes: undefined });
    expect(hour.expiresAt - hour.createdAt).toBe(3600_000);
    const brief = rig.tableOn({ maxMinutes: 30 });
    const half = await brief.open(alice, { ...to, minutes: undefined });
    expect(half.expiresAt - half.createdAt).toBe(1800_000);
    await expect(brief.open(alice, { ...to, minutes: 31 })).rejects.toThrow('30 minutes at most');
    brief.closeAll();
  });

  it('64 connections and no more; who is turned away is counted', async () => {
    const forward = await table.open(alice, to);
    const sockets = await Promise.all(Array.from({ length: 64 }, () => dial(forward.port)));
    await expect.poll(() => only()?.connections).toBe(64);
    const more = await dial(forward.port);
    await once(more.resume(), 'end');
    expect(only()).toMatchObject({ connections: 64, connectionsTotal: 64, refused: 1 });
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => only()?.connections).toBe(0);
    expect((await dial(forward.port)).destroyed).toBe(false);
  });

  it('let in whom they name, and nobody else', async () => {
    const forward = await table.open(alice, { ...to, allow: ['127.0.0.2', '10.0.0.0/8'] });
    const stranger = net.connect(forward.port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => stranger.once('close', resolve).resume());
    const friend = await dial(forward.port, '127.0.0.2');
    friend.write('hello');
    expect(String((await once(friend, 'data'))[0])).toBe('hello');
    expect(only()).toMatchObject({ refused: 1, connectionsTotal: 1, allow: ['127.0.0.2', '10.0.0.0/8'] });
    expect(await codeOf(table.open(alice, { ...to, allow: ['nobody'] }))).toBe('bad_request');
  });

  it('to what is not there: offline, unknown, or no tcp service', async () => {
    const away = { ...rig.robot, id: 'd3', name: 'away' };
    expect(await codeOf(table.open(alice, { ...to, device: away }))).toBe('device_offline');
    expect(await codeOf(table.open(alice, { ...to, target: { service: 'web' } }))).toBe('bad_request');
    expect(await codeOf(table.open(alice, { ...to, target: { service: 'constructor' } }))).toBe(
      'service_unknown',
    );
    expect(await codeOf(table.open(alice, { ...to, target: { port: 5900 } }))).toBe('service_unknown');
    expect(await codeOf(table.open(mallory, to))).toBe('not_found');
    expect(table.list('alice')).toEqual([]);
  });

  it('so many of one account and to one device, also when they are opened all at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => codeOf(table.open(alice, to))));
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(20);
    expect(new Set(outcomes)).toEqual(new Set(['done', 'busy']));
    for (const name of ['two', 'three']) {
      const device = { ...rig.robot, id: name, name };
      rig.records.set(name, device);
      rig.links.attach(rig.linkOf(device, [{ name: 'ssh', kind: 'tcp' }]));
      const more = Array.from({ length: 20 }, () => codeOf(table.open(alice, { ...to, device })));
      const done = (await Promise.all(more)).filter((one) => one === 'done');
      expect(done).toHaveLength(name === 'two' ? 20 : 10);
    }
  });

  it('take the free ports of the range, a wished one if it is free, and say when there is none', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const taken = (probe.address() as AddressInfo).port;
    const full = rig.tableOn({ ports: { from: taken, to: taken } });
    await expect(full.open(alice, to)).rejects.toMatchObject({
      code: 'busy',
      message: `No free port of ${taken}-${taken} was found for the forward`,
    });
    await expect(full.open(alice, { ...to, relayPort: taken })).rejects.toMatchObject({
      code: 'conflict',
      message: `Port ${taken} of the relay is taken: name another, or none`,
    });
    expect(await codeOf(full.open(alice, { ...to, relayPort: 80 }))).toBe('bad_request');
    probe.close();
    await once(probe, 'close');
    const forward = await full.open(alice, { ...to, relayPort: taken });
    expect(forward.port).toBe(taken);
    expect(await codeOf(full.open(alice, { ...to, relayPort: taken }))).toBe('conflict');
    full.closeAll();
  });

  it('listen on loopback, and elsewhere only where the configuration says so', async () => {
    expect(await codeOf(table.open(alice, { ...to, bind: '0.0.0.0' }))).toBe('bad_request');
    expect((await table.open(alice, { ...to, bind: '::1' })).host).toBe('localhost');
    const open = rig.tableOn({ mayBind: ['0.0.0.0'] });
    expect(open.options.binds).toEqual(['127.0.0.1', '::1', '*']);
    const wide = await open.open(alice, { ...to, target: { port: 22 }, bind: '*' });
    expect([wide.bind, wide.address]).toEqual(['*', `ssh -p ${wide.port} root@relay.example`]);
    open.closeAll();
    // An address that the configuration allows and the machine does not have.
    const wrong = rig.tableOn({ mayBind: ['192.0.2.55'] });
    expect(await codeOf(wrong.open(alice, { ...to, bind: '192.0.2.55' }))).toBe('bad_request');
  });

  it('one whose device goes while it is opened is not left behind', async () => {
    const opening = codeOf(table.open(alice, to));
    const link = rig.links.get('d1');
    rig.records.delete('d1');
    if (link !== undefined) rig.links.detach(link, 'the device was removed');
    table.endWhere(({ deviceId }) => deviceId === 'd1', 'the device was removed');
    expect(await opening).toBe('not_found');
    expect([table.list('alice'), rig.clock.waiting]).toEqual([[], 0]);
  });

  it('end with the token that opened them, also while they are being opened', async () => {
    await table.open({ ...alice, standsOn: 't1' }, to);
    const kept = await table.open({ ...alice, standsOn: 't2' }, to);
    const opening = codeOf(table.open({ ...alice, standsOn: 't1' }, to));
    table.endWhere(({ standsOn }) => standsOn === 't1', 'its access token was revoked');
    expect(await opening).toBe('token_invalid');
    expect(table.list('alice').map(({ id }) => id)).toEqual([kept.id]);
  });

  it('wait while the device is away, hang up on who connects, and are open when it is back', async () => {
    const forward = await table.open(alice, to);
    const link = rig.links.get('d1');
    if (link !== undefined) rig.links.detach(link, 'connection lost');
    expect(only()).toMatchObject({ state: 'waiting', waiting: { read: false } });
    await once((await dial(forward.port)).resume(), 'end');
    rig.links.attach(rig.linkOf(rig.robot, [{ name: 'ssh', kind: 'tcp' }], 0));
    expect(only()?.state).toBe('open');
    await once((await dial(forward.port)).resume(), 'end');
    await expect.poll(() => only()?.connections).toBe(0);
    expect(only()?.lastFailure).toContain('does not answer');
    rig.links.attach(rig.linkOf(rig.robot, [{ name: 'ssh', kind: 'tcp' }]));
    const socket = await dial(forward.port);
    socket.write('back');
    expect(String((await once(socket, 'data'))[0])).toBe('back');
    // The audit knows that it was opened, once.
    expect(actions()).toEqual(['forward.opened']);
  });

  it('a device that is renamed or blocked is shown so', async () => {
    await table.open(alice, to);
    rig.records.set('d1', { ...rig.robot, name: 'robby', blockedAt: 1 });
    table.deviceChanged('alice', 'd1');
    await expect
      .poll(() => only())
      .toMatchObject({
        ...{
          deviceName: 'robby',
          state: 'waiting',
          waiting: { reason: 'robby is blocked: its key is kept out' },
        },
      });
  });

  it('a device that is paused is waited for, and said to be', async () => {
    await table.open(alice, to);
    const paused = { ...rig.linkOf(rig.robot, [{ name: 'ssh', kind: 'tcp' }]), paused: true };
    rig.links.attach(paused);
    expect(only()).toMatchObject({ state: 'waiting', waiting: { reason: 'robot is paused' } });
  });

  it('a reset on one side is passed on', async () => {
    rig.device.onConnection = (socket) => void socket.once('data', () => socket.resetAndDestroy());
    const forward = await table.open(alice, to);
    const socket = await dial(forward.port);
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.resume().end('x');
    await closed;
  });

  it('a visitor that never reads stops the device, and does not fill the relay', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    let sent = 0;
    rig.device.onConnection = (socket) => {
      const write = (): void => {
        while (sent < 256 && socket.write(chunk)) sent += 1;
        sent += 1;
        if (sent < 256) socket.once('drain', write);
      };
      write();
    };
    const forward = await table.open(alice, to);
    const visitor = await dial(forward.port);
    // It stands still after what the sockets of this machine hold, far from all.
    let before = -1;
    await expect
      .poll(
        () => {
          const still = sent === before;
          before = sent;
          return still && sent > 0;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(64);
    // Nothing of it waits in the relay beyond one socket's buffers.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(300 * 1024 * 1024);
    visitor.destroy();
  });
});
