import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect, constants, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { LiveEvent } from '@porchlight/protocol/api';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, type Rig } from './api-rig.ts';

let stores: Stores;
let clock: FakeClock;
let rig: Rig;
let server: Server;
let port: number;
let stop: () => Promise<unknown>;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  clock = new FakeClock();
  rig = await createRig({ stores, clock });
  server = createServer((req, res) => rig.app.routing(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
});
afterEach(async () => {
  await stop();
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

/** An open stream; `next` waits for the next event, `end` for its end. */
async function listen(headers: Record<string, string>) {
  const outgoing = request({ port, path: '/api/events', headers });
  outgoing.end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  const events: LiveEvent[] = [];
  const heard: LiveEvent[] = [];
  let text = '';
  let wake = () => {};
  answer.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = text.slice(0, end);
      text = text.slice(end + 2);
      if (frame.startsWith('data: ')) {
        const event = JSON.parse(frame.slice(6)) as LiveEvent;
        events.push(event);
        heard.push(event);
      }
      wake();
    }
  });
  return {
    status: answer.statusCode,
    answer,
    /** Everything so far. */
    heard,
    async next(): Promise<LiveEvent> {
      while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return events.shift()!;
    },
    end: new Promise((resolve) => answer.once('close', resolve)),
    destroy: () => outgoing.destroy(),
  };
}

const as = (name: string) => ({ cookie: rig.cookieOf(name) });
const removed = (name: string, id: string) =>
  rig.deps.events.publish({ type: 'device-removed', accountId: rig.idOf(name), deviceId: id });

test('an account gets its own events only', async () => {
  const bob = await listen(as('bob'));
  const eve = await listen(as('eve'));
  removed('bob', 'b1');
  removed('eve', 'e1');
  expect(await bob.next()).toEqual({ type: 'device-removed', id: 'b1' });
  expect(await eve.next()).toEqual({ type: 'device-removed', id: 'e1' });
});

test('who asks a base station is told to those alone who may answer there', async () => {
  const device = await rig.addDevice('bob', 'attic');
  const other = await rig.addDevice('bob', 'other');
  const tokenFor = async (grant: object) => {
    const made = await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'x', grant });
    return { authorization: `Bearer ${made.json().token}` };
  };
  const bob = await listen(as('bob'));
  const narrow = await listen(await tokenFor({ scopes: ['read', 'manage'], devices: [{ id: device }] }));
  const strangers = [
    await listen(as('eve')),
    await listen(await tokenFor({ scopes: ['read'] })),
    await listen(await tokenFor({ scopes: ['read', 'manage'], devices: [{ id: other }] })),
    await listen(
      await tokenFor({ scopes: ['read', 'manage'], devices: [{ id: device, services: ['web'] }] }),
    ),
  ];
  expect([bob, narrow, ...strangers].map(({ status }) => status)).toEqual(
    Array.from({ length: 6 }, () => 200),
  );
  const owner = { deviceId: device, accountId: rig.idOf('bob'), deviceName: 'attic' };
  const request = {
    ...{ id: 'r1', way: 'porchlight' as const, name: 'sensor', address: '10.0.0.9', code: '123-456' },
    ...{ firstAskedAt: 1, askedAt: 2, times: 3, state: 'waiting' as const },
  };
  const station = rig.baseStations.open(owner, () => undefined);
  station.hear({ type: 'lan-requests', remoteAllow: true, requests: [request], more: 0 });
  const seen = { ...request, deviceId: device, deviceName: 'attic', answerable: true };
  for (const one of [bob, narrow]) {
    expect(await one.next()).toEqual({ type: 'lan-requests', deviceId: device, requests: [seen] });
  }
  station.close();
  const gone = () => bob.heard.some((event) => event.type === 'lan-requests' && event.requests.length === 0);
  while (!gone()) await bob.next();
  for (const name of ['bob', 'eve'])
    rig.deps.events.publish({ type: 'account-removed', accountId: rig.idOf(name) });
  for (const one of strangers) {
    await one.end;
    expect(one.heard.filter(({ type }) => type === 'lan-requests')).toEqual([]);
  }
});

test('join requests addressed to nobody go to admins', async () => {
  const ann = await listen(as('ann'));
  const bob = await listen(as('bob'));
  await rig.joinRequests.ask({
    fingerprint: 'SHA256:new',
    publicKey: 'ssh-ed25519 new',
    name: 'newcomer',
    accountId: undefined,
    address: '198.51.100.1',
    software: 'agent 0.1.0',
    onAnswer: () => undefined,
  });
  expect(await ann.next()).toMatchObject({ type: 'join-request', request: { name: 'newcomer' } });
  removed('bob', 'b1');
  expect(await bob.next()).toEqual({ type: 'device-removed', id: 'b1' });
});

test('many changes of a device are told twice a second, the last one included', async () => {
  const id = await rig.addDevice('bob', 'box');
  const bob = await listen(as('bob'));
  const changed = () =>
    rig.deps.events.publish({ type: 'device-changed', accountId: rig.idOf('bob'), deviceId: id });
  changed();
  expect(await bob.next()).toMatchObject({ type: 'device', device: { id, tags: [] } });
  for (let n = 0; n < 50; n += 1) changed();
  await stores.devices.setTags(rig.idOf('bob'), id, ['late']);
  await clock.advance(500);
  expect(await bob.next()).toMatchObject({ device: { tags: ['late'] } });
  await clock.advance(5_000);
  removed('bob', id);
  // Nothing in between: the fifty changes made one event.
  expect(await bob.next()).toEqual({ type: 'device-removed', id });
});

test('a stream ends with its session, its token, its account', async () => {
  const made = (await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'x' })).json();
  const byToken = await listen({ authorization: `Bearer ${made.token}` });
  const bySession = await listen(as('bob'));
  const evesOwn = await listen(as('eve'));
  await rig.call('bob', 'DELETE', `/api/me/access-tokens/${made.id}`);
  await byToken.end;
  removed('bob', 'b1');
  expect(await bySession.next()).toEqual({ type: 'device-removed', id: 'b1' });
  await rig.call('bob', 'POST', '/api/sign-out', {});
  await bySession.end;
  await rig.call('ann', 'DELETE', `/api/accounts/${rig.idOf('eve')}`);
  await evesOwn.end;
  expect(rig.live.size).toBe(0);
});

test('a program that may not open forwards to a service hears of no open port there', async () => {
  const id = await rig.addDevice('bob', 'box');
  const bob = rig.idOf('bob');
  const listenAs = async (grant: object) => {
    const made = await rig.call('bob', 'POST', '/api/me/access-tokens', { name: 'x', grant });
    return listen({ authorization: `Bearer ${made.json().token}` });
  };
  const reader = await listenAs({ scopes: ['read', 'write', 'manage'] });
  const other = await listenAs({ scopes: ['read', 'shell'], devices: [{ id, services: ['web'] }] });
  const mine = await listenAs({ scopes: ['read', 'shell'], devices: [{ id, services: ['vnc'] }] });
  const device = await stores.devices.byId(bob, id);
  if (device === undefined) throw new Error('no device');
  const asker = { accountId: bob, accountName: 'bob', address: '' };
  const { id: forwardId } = await rig.deps.forwards.open(asker, { device, target: { service: 'vnc' } });
  rig.deps.events.publish({ type: 'forward-changed', accountId: bob, deviceId: id, forwardId });
  removed('bob', id);
  expect(await mine.next()).toMatchObject({ type: 'forward', forward: { id: forwardId } });
  for (const stream of [reader, other]) expect(await stream.next()).toEqual({ type: 'device-removed', id });
});

test('a session that ran out, unseen, ends its stream at a heartbeat', async () => {
  const bob = await listen(as('bob'));
  await stores.sessions.removeOthers(rig.idOf('bob'), undefined);
  await clock.advance(60_000);
  await bob.end;
});

test('an account has twenty streams at most, and a closed one makes room', async () => {
  const streams = [];
  for (let n = 0; n < 20; n += 1) streams.push(await listen(as('bob')));
  expect((await listen(as('bob'))).status).toBe(429);
  expect((await listen(as('eve'))).status).toBe(200);
  expect(rig.live.size).toBe(21);
  streams[0]!.destroy();
  await vi.waitFor(() => expect(rig.live.size).toBe(20));
  expect((await listen(as('bob'))).status).toBe(200);
});

test('a reader that stops reading is ended, the others go on', async () => {
  const slow = await listen(as('bob'));
  slow.answer.pause();
  const bob = await listen(as('bob'));
  const big = 'x'.repeat(100_000);
  for (let n = 0; n < 200 && rig.live.size === 2; n += 1) {
    removed('bob', `${n}${big}`);
    await bob.next();
  }
  expect(rig.live.size).toBe(1);
  slow.answer.resume();
  await slow.end;
});

test('a caller who leaves, before or after the answer began, leaves nothing behind', async () => {
  const over = createHttp2Server((req, res) =>
    rig.app.routing(req as unknown as IncomingMessage, res as unknown as ServerResponse),
  );
  over.listen(0, '127.0.0.1');
  await once(over, 'listening');
  const session = connect(`http://127.0.0.1:${(over.address() as AddressInfo).port}`);
  const stream = session.request({ ':path': '/api/events', ...as('bob') });
  await once(stream, 'response');
  expect(rig.live.size).toBe(1);
  stream.close(constants.NGHTTP2_CANCEL);
  await vi.waitFor(() => expect(rig.live.size).toBe(0));
  session.destroy();
  over.close();

  const { identities } = rig.deps;
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const lookUp = vi.spyOn(identities, 'identify').mockImplementation(async () => {
    asked.resolve();
    await gate.promise;
    lookUp.mockRestore();
    return { kind: 'session', accountId: 'a', accountName: 'bob', role: 'member', sessionId: 's' };
  });
  const handled = Promise.withResolvers<void>();
  const add = vi.spyOn(rig.live, 'add').mockImplementation((...given) => {
    add.mockRestore();
    rig.live.add(...given);
    handled.resolve();
  });
  const closed = Promise.withResolvers<void>();
  server.once('connection', (socket) => socket.once('close', closed.resolve));
  const early = request({ port, path: '/api/events', headers: as('bob') });
  early.on('error', () => undefined);
  early.end();
  await asked.promise;
  early.destroy();
  await closed.promise;
  gate.resolve();
  await handled.promise;
  expect(rig.live.size).toBe(0);
});

test('closing ends all streams and leaves no timer', async () => {
  const bob = await listen(as('bob'));
  rig.live.close();
  await bob.end;
  expect(rig.live.size).toBe(0);
  await rig.deps.audit.flush();
  await rig.readings.close();
  expect(clock.waiting).toBe(0);
});
