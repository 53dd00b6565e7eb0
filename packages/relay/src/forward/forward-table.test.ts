import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { PorchlightError } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewAuditEntry } from '../audit/index.ts';
import { type Link, LinkTable } from '../links/index.ts';
import { ForwardTable } from './forward-table.ts';

const alice = { accountId: 'alice', accountName: 'alice', address: '192.0.2.9' };
const mallory = { ...alice, accountId: 'mallory', accountName: 'mallory' };
const TO = { deviceId: 'd1', deviceName: 'robot', service: 'ssh', minutes: 10 };

describe('forwards', () => {
  let clock: FakeClock;
  let links: LinkTable;
  let table: ForwardTable;
  let entries: NewAuditEntry[];
  let device: net.Server;
  let onDevice: (socket: Socket) => void;
  const deviceSockets = new Set<Socket>();

  /** A link whose channels are connections to the test's own server. */
  const linkOf = (port: number): Link => ({
    ...{ deviceId: 'd1', accountId: 'alice', deviceName: 'robot', transport: 'ssh', address: '', upSince: 0 },
    ...{
      agent: '',
      stock: false,
      paused: false,
      rtt: undefined,
      bytesIn: 0,
      bytesOut: 0,
      unsent: 0,
      openChannels: 0,
    },
    services: [
      { name: 'ssh', kind: 'tcp' },
      { name: 'web', kind: 'http' },
    ],
    async openChannel() {
      if (port === 0) throw new PorchlightError('service_unreachable');
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
    drain: () => undefined,
    ping: () => undefined,
    end: () => undefined,
  });
  const tableOn = (ports: { from: number; to: number }): ForwardTable =>
    new ForwardTable({
      ...{ links, clock, random: () => 0.5, host: '127.0.0.1', ports, publicHost: 'relay.example' },
      audit: { append: (entry) => void entries.push(entry) },
    });

  beforeEach(async () => {
    clock = new FakeClock();
    links = new LinkTable();
    entries = [];
    onDevice = (socket) => void socket.pipe(socket);
    device = net.createServer({ allowHalfOpen: true }, (socket) => {
      deviceSockets.add(socket);
      socket.once('close', () => deviceSockets.delete(socket));
      socket.on('error', () => socket.destroy());
      onDevice(socket);
    });
    device.listen(0, '127.0.0.1');
    await once(device, 'listening');
    links.attach(linkOf((device.address() as AddressInfo).port));
    table = tableOn({ from: 0, to: 0 });
  });
  /** Everything ends with the table, here and at the device. */
  afterEach(async () => {
    table.closeAll();
    await expect.poll(() => deviceSockets.size).toBe(0);
    expect(clock.waiting).toBe(0);
    device.close();
  });

  const dial = async (port: number): Promise<Socket> => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: PorchlightError) => error.code,
    );

  it('lead to the service, and are listed to their account only', async () => {
    const forward = await table.open(alice, TO);
    const socket = await dial(forward.port);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(table.list('alice', 'd1')).toMatchObject([
      { id: forward.id, host: 'relay.example', connections: 1 },
    ]);
    expect([table.list('mallory', 'd1'), table.list('alice', 'd2')]).toEqual([[], []]);
    expect(await table.close('mallory', forward.id)).toBe(false);
    expect(await table.close('alice', 'constructor')).toBe(false);
    const closed = once(socket.resume(), 'end');
    expect(await table.close('alice', forward.id)).toBe(true);
    await closed;
    expect(await table.close('alice', forward.id)).toBe(false);
    await expect(dial(forward.port)).rejects.toThrow();
    expect(entries.map(({ action }) => action)).toEqual(['forward.opened', 'forward.closed']);
  });

  it('a peer that answers only after the end is heard, from either side', async () => {
    onDevice = (socket) => {
      socket.resume();
      socket.on('end', () => socket.end('answer after EOF'));
    };
    const forward = await table.open(alice, TO);
    const asking = await dial(forward.port);
    asking.end('question');
    expect(await text(asking)).toBe('answer after EOF');
    onDevice = (socket) => {
      socket.end('greeting');
      void text(socket).then((heard) => void entries.push({ heard } as never));
    };
    const answering = await dial(forward.port);
    expect(String((await once(answering, 'data'))[0])).toBe('greeting');
    await once(answering.resume(), 'end');
    answering.end('answer after the other EOF');
    await expect.poll(() => entries.at(-1)).toEqual({ heard: 'answer after the other EOF' });
    await expect.poll(() => table.list('alice', 'd1')[0]?.connections).toBe(0);
  });

  it('end by the clock, with the connections on them', async () => {
    const forward = await table.open(alice, TO);
    expect(forward.expiresAt).toBe(clock.now() + 10 * 60_000);
    const socket = await dial(forward.port);
    await clock.advance(10 * 60_000 - 1);
    expect(table.list('alice', 'd1')).toHaveLength(1);
    const closed = once(socket.resume(), 'end');
    await clock.advance(1);
    await closed;
    expect(table.list('alice', 'd1')).toEqual([]);
  });

  it('64 connections and no more', async () => {
    const forward = await table.open(alice, TO);
    const sockets = await Promise.all(Array.from({ length: 64 }, () => dial(forward.port)));
    await expect.poll(() => table.list('alice', 'd1')[0]?.connections).toBe(64);
    const more = await dial(forward.port);
    await once(more.resume(), 'end');
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => table.list('alice', 'd1')[0]?.connections).toBe(0);
    expect((await dial(forward.port)).destroyed).toBe(false);
  });

  it('to what is not there: offline, unknown, or no tcp service', async () => {
    expect(await codeOf(table.open(alice, { ...TO, deviceId: 'd2' }))).toBe('device_offline');
    expect(await codeOf(table.open(alice, { ...TO, service: 'web' }))).toBe('service_unknown');
    expect(await codeOf(table.open(alice, { ...TO, service: 'constructor' }))).toBe('service_unknown');
  });

  it('so many of one account, also when they are opened all at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => codeOf(table.open(alice, TO))));
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(50);
    expect(new Set(outcomes)).toEqual(new Set(['done', 'busy']));
    expect(await codeOf(table.open(mallory, TO))).toBe('done');
  });

  it('take the free ports of the range, and say when there is none', async () => {
    const probe = net.createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const taken = (probe.address() as AddressInfo).port;
    const full = tableOn({ from: taken, to: taken });
    expect(await codeOf(full.open(alice, TO))).toBe('busy');
    probe.close();
    await once(probe, 'close');
    const forward = await full.open(alice, TO);
    expect(forward.port).toBe(taken);
    full.closeAll();
  });

  it('one whose device goes while it is opened is not left behind', async () => {
    const opening = codeOf(table.open(alice, TO));
    const link = links.get('d1');
    if (link !== undefined) links.detach(link, 'the device was removed');
    table.endWhere(({ deviceId }) => deviceId === 'd1', 'the device was removed');
    expect(await opening).toBe('device_offline');
    expect([table.list('alice', 'd1'), clock.waiting]).toEqual([[], 0]);
  });

  it('stay open while the device is away: who connects is hung up on', async () => {
    const forward = await table.open(alice, TO);
    const link = links.get('d1');
    if (link !== undefined) links.detach(link, 'connection lost');
    await once((await dial(forward.port)).resume(), 'end');
    links.attach(linkOf(0));
    await once((await dial(forward.port)).resume(), 'end');
    await expect.poll(() => table.list('alice', 'd1')[0]?.connections).toBe(0);
  });

  it('a reset on one side is passed on', async () => {
    onDevice = (socket) => void socket.once('data', () => socket.resetAndDestroy());
    const forward = await table.open(alice, TO);
    const socket = await dial(forward.port);
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.resume().end('x');
    await closed;
  });
});
