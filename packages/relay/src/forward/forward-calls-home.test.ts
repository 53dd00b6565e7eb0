import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, codeOf, createForwardRig, dial, type ForwardRig, MINUTE } from './forward-rig.ts';
import type { ForwardTable } from './forward-table.ts';
import type { ForwardWish } from './forwards.ts';

describe('forwards to a device that calls home', () => {
  let rig: ForwardRig;
  let table: ForwardTable;
  let to: ForwardWish;

  beforeEach(async () => {
    rig = await createForwardRig();
    table = rig.tableOn({});
    to = { device: rig.router, target: { port: 22 } };
  });
  afterEach(async () => {
    table.closeAll();
    await expect.poll(() => rig.sockets.size).toBe(0);
    rig.close();
    expect([rig.clock.waiting, rig.errors, rig.requests.list('d2')]).toEqual([0, [], []]);
  });

  const only = () => table.list('alice')[0];
  const asked = () => rig.requests.list('d2');
  /** What the device does: it reads its inbox and connects. */
  const pickUp = () => {
    const [request] = rig.requests.take('d2');
    if (request === undefined) return undefined;
    rig.requests.answer('d2', request.relayPort);
    rig.links.attach(rig.linkOf(rig.router, [{ name: '22', kind: 'tcp', port: request.devicePort }]));
    return request;
  };
  const leave = (relayPort: number) => {
    const link = rig.links.get('d2');
    if (link !== undefined) rig.links.detach(link, 'connection lost');
    rig.requests.putBack('d2', relayPort);
  };

  it('wait until it has picked them up, and again when it has gone', async () => {
    const forward = await table.open(alice, to);
    expect(forward).toMatchObject({
      ...{ state: 'waiting', devicePort: 22, host: 'localhost' },
      waiting: {
        ...{ reason: 'router1 calls home every 60 s', intervalSeconds: 60, read: false },
        dueAt: rig.clock.now() + 23_000,
      },
    });
    expect(asked()).toMatchObject([{ relayPort: forward.port, devicePort: 22 }]);
    rig.requests.take('d2');
    expect(only()?.waiting).toMatchObject({ read: true });
    rig.requests.putBack('d2', forward.port);
    expect(pickUp()?.relayPort).toBe(forward.port);
    expect(only()).toMatchObject({ state: 'open' });
    const socket = await dial(forward.port);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    leave(forward.port);
    expect(only()).toMatchObject({ state: 'waiting', waiting: { read: false } });
    await rig.clock.advance(20 * MINUTE);
    pickUp();
    expect(only()).toMatchObject({ state: 'open', since: rig.clock.now() });
    expect(rig.entries.map(({ action }) => action)).toEqual(['forward.requested', 'forward.opened']);
  });

  it('hold who connects while they wait, and give up who has gone', async () => {
    const forward = await table.open(alice, to);
    const early = await dial(forward.port);
    early.write('hello');
    const gone = await dial(forward.port);
    await expect.poll(() => only()?.connections).toBe(2);
    gone.end();
    await expect.poll(() => only()?.connections).toBe(1);
    pickUp();
    expect(String((await once(early, 'data'))[0])).toBe('hello');
  });

  it('end the request with them, by hand or by time, with connections on them', async () => {
    const forward = await table.open(alice, to);
    pickUp();
    const socket = await dial(forward.port);
    await expect.poll(() => only()?.connections).toBe(1);
    await table.close('alice', forward.id);
    await once(socket.resume(), 'end');
    await expect.poll(asked).toEqual([]);
    rig.links.detach(rig.links.get('d2')!, 'gone');
    await table.open(alice, { ...to, minutes: 5 });
    await rig.clock.advance(5 * MINUTE - 1);
    expect(asked()).toHaveLength(1);
    await rig.clock.advance(1);
    expect([asked(), table.list('alice')]).toEqual([[], []]);
  });

  it('are taken for a device that has missed its calls too, and say so', async () => {
    rig.calls.set('d2', { ...rig.calls.get('d2')!, up: false, since: Date.UTC(2025, 11, 31, 12) });
    const { waiting } = await table.open(alice, to);
    expect(waiting?.reason).toBe(
      'router1 is offline since 2025-12-31 12:00:00 UTC: it calls home every 60 s, and has missed its calls; the request waits for it',
    );
    expect(waiting?.dueAt).toBeUndefined();
  });

  it('two people who ask for one port get it over one request of the device', async () => {
    await table.open(alice, to);
    const relayPort = pickUp()?.relayPort;
    const second = await table.open(alice, to);
    expect(second).toMatchObject({ state: 'open' });
    expect(asked()).toHaveLength(1);
    const first = only();
    await table.close('alice', first?.id ?? '');
    // The second still needs it.
    expect(asked()).toMatchObject([{ relayPort }]);
  });

  it('a name that tells no port is no target', async () => {
    expect(await codeOf(table.open(alice, { ...to, target: { service: 'jupyter' } }))).toBe(
      'service_unknown',
    );
    const { address } = await table.open(alice, { ...to, target: { port: 80 } });
    expect(address).toMatch(/^http:\/\/localhost:\d+\/$/);
  });

  it('a port of the relay stands for one port of the device', async () => {
    const first = await table.open(alice, to);
    rig.requests.ask({
      deviceId: 'd2',
      devicePort: 80,
      relayPort: 34_567,
      expiresAt: rig.clock.now() + MINUTE,
    });
    expect(await codeOf(table.open(alice, { ...to, relayPort: 34_567 }))).toBe('conflict');
    expect(first.port).not.toBe(34_567);
    rig.requests.forget('d2');
  });
});
