import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { accountScope, appPasswordScope } from './identity.ts';
import { QUEUE_BYTES_MAX, RETAINED_BYTES_MAX, RETAINED_MAX } from './limits.ts';
import type { MessageChange, MessageStore, QueuedMessage } from './messages/message-store.ts';
import { Persistence } from './messages/persistence.ts';
import { Places } from './messages/places.ts';
import { RetainedLimit } from './retained-limit.ts';

const ANN = '0123456789abcdef01234567';
const BOB = 'fedcba9876543210fedcba98';
const MEGABYTE = Buffer.alloc(1024 * 1024);

function opened() {
  const written: MessageChange[] = [];
  let acknowledged: Buffer = MEGABYTE;
  const store: MessageStore = {
    write: async (changes) => void written.push(...changes),
    sessions: async () => [],
    queued: async () => [],
    sentAs: async (_clientId, messageId) =>
      ({ messageId, payload: acknowledged, received: false }) as unknown as QueuedMessage,
    incoming: async () => [],
    retained: async () => [],
    countRetained: async () => ({ count: 0, bytes: 0 }),
    wills: async () => [],
    endSessions: async () => [],
  };
  let full = 0;
  const persistence = new Persistence({ store, clock: new FakeClock(), onFull: () => (full += 1) });
  const publish = (account: string, payload = MEGABYTE) =>
    persistence.changesFor({ topic: `user/${account}/x`, payload, qos: 2, retain: false }, undefined).length;
  const subscribe = (clientId: string, account: string) =>
    persistence.addSubscriptions({ id: clientId }, [{ topic: `user/${account}/#`, qos: 2 }]);
  return {
    persistence,
    publish,
    subscribe,
    full: () => full,
    emptied: () => (acknowledged = Buffer.alloc(0)),
  };
}

it('a tenant cannot fill the disk: one message that waits for many sessions counts for each', async () => {
  const { publish, subscribe, full } = opened();
  for (let n = 0; n < 50; n += 1) await subscribe(`${accountScope(ANN)}${n}`, ANN);
  for (let n = 0; n < 50; n += 1) await subscribe(`${appPasswordScope(ANN, 'abc')}${n}`, ANN);
  await subscribe(`${accountScope(BOB)}x`, BOB);
  expect([publish(ANN), full()]).toEqual([64, 36]);
  expect(publish(ANN)).toBe(0);
  expect(publish(BOB)).toBe(1);
});

it('what was received or acknowledged makes room again, once', async () => {
  const { persistence, publish, subscribe, emptied } = opened();
  const client = { id: `${accountScope(ANN)}x` };
  await subscribe(client.id, ANN);
  for (let n = 0; n < QUEUE_BYTES_MAX / MEGABYTE.length; n += 1) expect(publish(ANN)).toBe(1);
  expect(publish(ANN)).toBe(0);
  const sent = { topic: 'x', qos: 2, retain: false, payload: MEGABYTE, brokerId: 'b' } as const;
  await persistence.outgoingUpdate(client, { ...sent, messageId: 1, brokerCounter: 1 });
  for (let n = 0; n < 2; n += 1) {
    await persistence.outgoingUpdate(client, { ...sent, cmd: 'pubrel', messageId: 1 });
  }
  expect([publish(ANN), publish(ANN)]).toEqual([1, 0]);
  emptied();
  await persistence.outgoingClearMessageId(client, { ...sent, messageId: 1 });
  expect(publish(ANN)).toBe(0);
  await persistence.cleanSubscriptions(client);
  await subscribe(client.id, ANN);
  expect(publish(ANN)).toBe(1);
});

it('a tenant does not retain more than so many bytes, by large messages in the place of small ones neither', async () => {
  let there = { count: 1, bytes: RETAINED_BYTES_MAX - 10 };
  const limit = new RetainedLimit({ count: async () => there, has: async () => true });
  const taken = await Promise.all([11, 10, 10].map((bytes) => limit.take(ANN, 'x', bytes)));
  expect(taken).toEqual([false, true, false]);
  there = { count: RETAINED_MAX, bytes: 0 };
  expect(await limit.take(BOB, 'x', RETAINED_BYTES_MAX + 1)).toBe(false);
  expect(await limit.take(BOB, 'x', 1)).toBe(true);
});

it('what is retained is read for a few subscribers of one owner at the same time', async () => {
  const places = new Places(2);
  const order: string[] = [];
  const enter = async (name: string, key = 'a') => {
    const leave = await places.enter(key);
    order.push(name);
    return leave;
  };
  const leave = await enter('one');
  await enter('two');
  const third = enter('three');
  await enter('other', 'b');
  expect(order).toEqual(['one', 'two', 'other']);
  leave();
  await third;
  expect(order).toEqual(['one', 'two', 'other', 'three']);
});
