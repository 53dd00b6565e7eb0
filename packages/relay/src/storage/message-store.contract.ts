import { expect, test } from 'vitest';
import type { MessageChange } from '../mqtt/messages/message-store.ts';
import { makeAccount, makeDevice, NOW, type Open } from './contract-fixtures.ts';

export function messageStoreContract(open: Open): void {
  const message = (topic: string, text = 'x') =>
    ({ topic, payload: Buffer.from(text), qos: 1, retain: false }) as const;
  const session = (clientId: string, owner: object = {}): MessageChange => ({
    change: 'session',
    clientId,
    at: NOW,
    ...owner,
  });
  const enqueue = (clientId: string, brokerCounter: number, text = 'x'): MessageChange => ({
    ...{ change: 'enqueue', clientId, brokerId: 'b', brokerCounter },
    ...message('user/ann/x', text),
  });

  test('a queue is in order, and a message goes from waiting to sent to received to done', async () => {
    const { mqttMessages: store } = await open();
    await store.write([session('c'), enqueue('c', 1, 'one\0ä'), enqueue('c', 2), enqueue('c', 3)]);
    const sent = { change: 'sent', clientId: 'c', brokerId: 'b' } as const;
    await store.write([
      { ...sent, brokerCounter: 1, messageId: 11 },
      { ...sent, brokerCounter: 2, messageId: 12 },
      { change: 'done', clientId: 'c', messageId: 12 },
    ]);
    const [first, third] = await store.queued('c', { after: 0, limit: 10 });
    expect(first).toMatchObject({
      brokerCounter: 1,
      messageId: 11,
      received: false,
      ...message('user/ann/x', 'one\0ä'),
    });
    expect(third).toMatchObject({ brokerCounter: 3, messageId: undefined });
    expect(await store.queued('c', { after: 0, limit: 10, unsent: true })).toEqual([third]);
    expect(await store.queued('c', { after: first?.place ?? 0, limit: 10 })).toEqual([third]);
    await store.write([{ change: 'received', clientId: 'c', messageId: 11 }]);
    expect(await store.sentAs('c', 11)).toMatchObject({ received: true, payload: Buffer.alloc(0) });
    expect(await store.sentAs('c', 12)).toBeUndefined();
  });

  test('sessions come back with subscriptions and the length of their queues, page by page', async () => {
    const { mqttMessages: store } = await open();
    const subscription = { topic: 'user/ann/#', qos: 1, options: { rh: 0 } } as const;
    await store.write([
      ...['a', 'b', 'c'].map((clientId) => session(clientId)),
      { change: 'subscribe', clientId: 'b', ...subscription, qos: 2 },
      { change: 'subscribe', clientId: 'b', ...subscription },
      enqueue('c', 1),
      { change: 'subscribe', clientId: 'c', ...subscription },
      { change: 'unsubscribe', clientId: 'c', topic: 'user/ann/#' },
    ]);
    const first = await store.sessions({ limit: 2 });
    expect(first).toEqual([
      { clientId: 'a', queued: 0, queuedBytes: 0, subscriptions: [] },
      { clientId: 'b', queued: 0, queuedBytes: 0, subscriptions: [subscription] },
    ]);
    expect(await store.sessions({ after: 'b', limit: 2 })).toEqual([
      { clientId: 'c', queued: 1, queuedBytes: expect.any(Number), subscriptions: [] },
    ]);
  });

  test('a page has a megabyte of messages at most, or one that is larger', async () => {
    const { mqttMessages: store } = await open();
    const payload = Buffer.alloc(600_000, 'x');
    const queue = (n: number) => ({ ...enqueue('c', n), payload });
    await store.write([
      session('c'),
      ...[1, 2].map(queue),
      ...['r/a', 'r/b', 'r/c'].map((topic) => ({
        ...({ change: 'retain', at: NOW } as const),
        ...message(topic),
        payload: topic === 'r/c' ? Buffer.from('x') : payload,
      })),
    ]);
    const [first, ...more] = await store.queued('c', { after: 0, limit: 10 });
    expect(more).toEqual([]);
    expect(await store.queued('c', { after: first?.place ?? 0, limit: 10 })).toHaveLength(1);
    expect(await store.retained('r/', { limit: 9 })).toMatchObject([{ topic: 'r/a' }]);
    expect(await store.retained('r/', { after: 'r/a', limit: 9 })).toMatchObject([
      { topic: 'r/b' },
      { topic: 'r/c' },
    ]);
    expect(await store.sessions({ limit: 1 })).toMatchObject([{ queued: 2, queuedBytes: 1_200_000 }]);
  });

  test('what speaks of no session is passed over, and does not fail the rest', async () => {
    const { mqttMessages: store } = await open();
    await store.write([
      enqueue('gone', 1),
      { change: 'subscribe', clientId: 'gone', topic: 'x', qos: 1, options: {} },
      { change: 'incoming', clientId: 'gone', messageId: 1 },
      { change: 'retain', at: NOW, ...message('r') },
    ]);
    expect(await store.queued('gone', { after: 0, limit: 1 })).toEqual([]);
    expect(await store.incoming('gone')).toEqual([]);
    expect(await store.retained('r', { limit: 9 })).toHaveLength(1);
  });

  test('a transaction that fails leaves nothing', async () => {
    const { mqttMessages: store } = await open();
    const bad = session('x', { accountId: 'nobody' });
    await expect(store.write([session('c'), bad])).rejects.toThrow(/gone|account/);
    expect(await store.sessions({ limit: 9 })).toEqual([]);
  });

  test('retained messages are found by the start of their topic, replaced, and removed by an empty one', async () => {
    const { mqttMessages: store } = await open();
    const retain = (topic: string, text: string): MessageChange => ({
      change: 'retain',
      at: NOW,
      ...message(topic, text),
    });
    await store.write([
      retain('a/b', '1'),
      retain('a/c', '2'),
      retain('a/b', '3'),
      retain('ab', '4'),
      retain('a/ö', '5'),
    ]);
    const found = await store.retained('a/', { limit: 9 });
    expect(found.map(({ topic, payload }) => [topic, String(payload)])).toEqual([
      ['a/b', '3'],
      ['a/c', '2'],
      ['a/ö', '5'],
    ]);
    expect(await store.retained('a/', { after: 'a/b', limit: 1 })).toMatchObject([{ topic: 'a/c' }]);
    await store.write([retain('a/c', '')]);
    expect(await store.retained('', { limit: 9 })).toHaveLength(3);
  });

  test('everything goes with its account, its device and its app password', async () => {
    const stores = await open();
    const { mqttMessages: store } = stores;
    const { id: accountId } = await makeAccount(stores, 'ann');
    const { id: deviceId } = await makeDevice(stores, accountId, 'shed');
    await stores.mqttCredentials.insert({
      ...{ id: 'p', accountId, kind: 'app', deviceId: undefined, name: '', secretHash: 'h', createdAt: NOW },
      lastUsedAt: undefined,
    });
    const will = { change: 'will', brokerId: 'b', ...message('w') } as const;
    await store.write([
      session('mine', { accountId }),
      session('its', { accountId, deviceId }),
      session('app', { accountId, credentialId: 'p' }),
      ...['mine', 'its', 'app'].map((clientId, n) => enqueue(clientId, n)),
      { change: 'incoming', clientId: 'its', messageId: 7 },
      { change: 'retain', at: NOW, ...message('r/mine'), accountId },
      { change: 'retain', at: NOW, ...message('r/its'), accountId, deviceId },
      { ...will, clientId: 'mine', accountId },
      { ...will, clientId: 'its', accountId, deviceId },
    ]);
    const left = async () => ({
      sessions: (await store.sessions({ limit: 9 })).map(({ clientId }) => clientId),
      retained: (await store.retained('r/', { limit: 9 })).map(({ topic }) => topic),
      wills: (await store.wills()).map(({ clientId }) => clientId),
    });
    expect(await store.countRetained(accountId)).toMatchObject({ count: 2 });
    await stores.mqttCredentials.remove(accountId, 'p');
    await stores.devices.remove(accountId, deviceId);
    expect(await left()).toEqual({ sessions: ['mine'], retained: ['r/mine'], wills: ['mine'] });
    await stores.accounts.remove(accountId);
    expect(await left()).toEqual({ sessions: [], retained: [], wills: [] });
    expect(await store.queued('mine', { after: 0, limit: 9 })).toEqual([]);
  });

  test('sessions that nobody came back to are ended', async () => {
    const { mqttMessages: store } = await open();
    await store.write([session('old'), { ...session('new'), at: NOW + 2 } as MessageChange]);
    expect(await store.endSessions(NOW + 1)).toEqual(['old']);
    expect((await store.sessions({ limit: 9 })).map(({ clientId }) => clientId)).toEqual(['new']);
  });
}
