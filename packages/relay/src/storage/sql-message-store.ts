import { type Selectable, sql, type Transaction } from 'kysely';
import type {
  KeptSession,
  MessageChange,
  MessageStore,
  QueuedMessage,
  Subscription,
} from '../mqtt/messages/message-store.ts';
import type { Database, Schema } from './schema.ts';
import { inTransaction } from './transaction.ts';

export function createMessageStore(database: Database): MessageStore {
  const { db } = database;
  return {
    async write(changes) {
      await inTransaction(database, async (transaction) => {
        for (const change of changes) await apply(transaction, change);
      });
    },

    async sessions({ after, limit }) {
      const rows = await db
        .selectFrom('mqtt_sessions')
        .select((select) => [
          'client_id as clientId',
          select
            .selectFrom('mqtt_queued')
            .select((count) => count.fn.countAll<number>().as('count'))
            .whereRef('mqtt_queued.client_id', '=', 'mqtt_sessions.client_id')
            .as('queued'),
          select
            .selectFrom('mqtt_queued')
            .select(sql<number | null>`sum(length(payload))`.as('bytes'))
            .whereRef('mqtt_queued.client_id', '=', 'mqtt_sessions.client_id')
            .as('queuedBytes'),
        ])
        .$if(after !== undefined, (query) => query.where('client_id', '>', after ?? ''))
        .orderBy('client_id')
        .limit(limit)
        .execute();
      if (rows.length === 0) return [];
      const subscriptions = await db
        .selectFrom('mqtt_subscriptions')
        .selectAll()
        .where(
          'client_id',
          'in',
          rows.map(({ clientId }) => clientId),
        )
        .execute();
      const byClient = Map.groupBy(subscriptions, (one) => one.client_id);
      return rows.map(
        ({ clientId, queued, queuedBytes }): KeptSession => ({
          clientId,
          queued: queued ?? 0,
          queuedBytes: queuedBytes ?? 0,
          subscriptions: (byClient.get(clientId) ?? []).map(toSubscription),
        }),
      );
    },

    async queued(clientId, { after, limit, unsent }) {
      const query = db
        .selectFrom('mqtt_queued')
        .where('client_id', '=', clientId)
        .where('place', '>', after)
        .$if(unsent === true, (all) => all.where('message_id', 'is', null))
        .orderBy('place');
      const sizes = await query.select(['place as key', SIZE]).limit(limit).execute();
      const last = lastOfPage(sizes);
      if (last === undefined) return [];
      return (await query.selectAll().where('place', '<=', last).execute()).map(toQueued);
    },

    async sentAs(clientId, messageId) {
      const row = await db
        .selectFrom('mqtt_queued')
        .selectAll()
        .where('client_id', '=', clientId)
        .where('message_id', '=', messageId)
        .orderBy('place')
        .limit(1)
        .executeTakeFirst();
      return row && toQueued(row);
    },

    async incoming(clientId) {
      const rows = await db
        .selectFrom('mqtt_incoming')
        .select('message_id')
        .where('client_id', '=', clientId)
        .execute();
      return rows.map((row) => row.message_id);
    },

    async retained(topicStart, { after, limit }) {
      const query = db
        .selectFrom('mqtt_retained')
        // A range, for an index: no topic has U+10FFFF, which is no character.
        .where('topic', '>=', topicStart)
        .where('topic', '<', `${topicStart}\u{10FFFF}`)
        .$if(after !== undefined, (all) => all.where('topic', '>', after ?? ''))
        .orderBy('topic');
      const sizes = await query.select(['topic as key', SIZE]).limit(limit).execute();
      const last = lastOfPage(sizes);
      if (last === undefined) return [];
      const rows = await query.selectAll().where('topic', '<=', last).execute();
      return rows.map(({ topic, payload, qos }) => ({ topic, payload, qos, retain: true }));
    },

    async countRetained(accountId) {
      const row = await db
        .selectFrom('mqtt_retained')
        .select((select) => [
          select.fn.countAll<number>().as('count'),
          sql<number | null>`sum(length(payload))`.as('bytes'),
        ])
        .where('account_id', '=', accountId)
        .executeTakeFirstOrThrow();
      return { count: row.count, bytes: row.bytes ?? 0 };
    },

    async wills() {
      const rows = await db.selectFrom('mqtt_wills').selectAll().orderBy('client_id').execute();
      return rows.map((row) => ({
        clientId: row.client_id,
        brokerId: row.broker_id,
        topic: row.topic,
        payload: row.payload,
        qos: row.qos,
        retain: row.retain === 1,
      }));
    },

    async endSessions(before) {
      const rows = await db
        .deleteFrom('mqtt_sessions')
        .where('seen_at', '<', before)
        .returning('client_id')
        .execute();
      return rows.map((row) => row.client_id);
    },
  };
}

/** Bytes of messages that are read at once; a larger one comes alone. */
const PAGE_BYTES_MAX = 1024 * 1024;
const SIZE = sql<number>`length(payload)`.as('size');

/** Which of these is the last that is read with the others, so that no page is large: the first at least. */
function lastOfPage<Key>(sizes: readonly { readonly key: Key; readonly size: number }[]): Key | undefined {
  let bytes = 0;
  let last: Key | undefined;
  for (const { key, size } of sizes) {
    bytes += size;
    if (last !== undefined && bytes > PAGE_BYTES_MAX) break;
    last = key;
  }
  return last;
}

type Changes = { [C in MessageChange['change']]: Extract<MessageChange, { change: C }> };

async function apply(db: Transaction<Schema>, change: MessageChange): Promise<void> {
  const write = WRITERS[change.change] as (
    db: Transaction<Schema>,
    change: MessageChange,
  ) => Promise<unknown>;
  await write(db, change);
}

/** What speaks of a session that is gone inserts nothing. */
const WRITERS: {
  readonly [C in MessageChange['change']]: (db: Transaction<Schema>, change: Changes[C]) => Promise<unknown>;
} = {
  session: (db, { clientId, at, accountId = null, deviceId = null, credentialId = null }) =>
    sql`
      insert into mqtt_sessions (client_id, account_id, device_id, credential_id, seen_at)
      values (${clientId}, ${accountId}, ${deviceId}, ${credentialId}, ${at})
      on conflict (client_id) do update set seen_at = excluded.seen_at
    `.execute(db),
  'session-ended': (db, { clientId }) =>
    db.deleteFrom('mqtt_sessions').where('client_id', '=', clientId).execute(),
  subscribe: (db, { clientId, topic, qos, options }) =>
    sql`
      insert into mqtt_subscriptions (client_id, topic, qos, options)
      select client_id, ${topic}, ${qos}, ${JSON.stringify(options)} from mqtt_sessions where client_id = ${clientId}
      on conflict (client_id, topic) do update set qos = excluded.qos, options = excluded.options
    `.execute(db),
  unsubscribe: (db, { clientId, topic }) =>
    db
      .deleteFrom('mqtt_subscriptions')
      .where('client_id', '=', clientId)
      .where('topic', '=', topic)
      .execute(),
  enqueue: (db, message) =>
    sql`
      insert into mqtt_queued (client_id, broker_id, broker_counter, topic, payload, qos, retain)
      select client_id, ${message.brokerId}, ${message.brokerCounter}, ${message.topic}, ${message.payload},
        ${message.qos}, ${message.retain ? 1 : 0}
      from mqtt_sessions where client_id = ${message.clientId}
    `.execute(db),
  sent: (db, { clientId, brokerId, brokerCounter, messageId }) =>
    db
      .updateTable('mqtt_queued')
      .set({ message_id: messageId })
      .where('client_id', '=', clientId)
      .where('broker_id', '=', brokerId)
      .where('broker_counter', '=', brokerCounter)
      .execute(),
  // Nobody needs the payload any more.
  received: (db, { clientId, messageId }) =>
    db
      .updateTable('mqtt_queued')
      .set({ received: 1, payload: Buffer.alloc(0) })
      .where('client_id', '=', clientId)
      .where('message_id', '=', messageId)
      .execute(),
  done: (db, { clientId, messageId }) =>
    db
      .deleteFrom('mqtt_queued')
      .where('client_id', '=', clientId)
      .where('message_id', '=', messageId)
      .execute(),
  incoming: (db, { clientId, messageId }) =>
    sql`
      insert into mqtt_incoming (client_id, message_id)
      select client_id, ${messageId} from mqtt_sessions where client_id = ${clientId}
      on conflict (client_id, message_id) do nothing
    `.execute(db),
  'incoming-done': (db, { clientId, messageId }) =>
    db
      .deleteFrom('mqtt_incoming')
      .where('client_id', '=', clientId)
      .where('message_id', '=', messageId)
      .execute(),
  'incoming-forgotten': (db, { clientId }) =>
    db.deleteFrom('mqtt_incoming').where('client_id', '=', clientId).execute(),
  retain: (db, { topic, payload, qos, at, accountId = null, deviceId = null }) =>
    payload.length === 0
      ? db.deleteFrom('mqtt_retained').where('topic', '=', topic).execute()
      : sql`
          insert into mqtt_retained (topic, account_id, device_id, payload, qos, at)
          values (${topic}, ${accountId}, ${deviceId}, ${payload}, ${qos}, ${at})
          on conflict (topic) do update set account_id = excluded.account_id, device_id = excluded.device_id,
            payload = excluded.payload, qos = excluded.qos, at = excluded.at
        `.execute(db),
  will: (db, { clientId, brokerId, topic, payload, qos, retain, accountId = null, deviceId = null }) =>
    sql`
      insert into mqtt_wills (client_id, account_id, device_id, broker_id, topic, payload, qos, retain)
      values (${clientId}, ${accountId}, ${deviceId}, ${brokerId}, ${topic}, ${payload}, ${qos}, ${retain ? 1 : 0})
      on conflict (client_id) do update set broker_id = excluded.broker_id, topic = excluded.topic,
        payload = excluded.payload, qos = excluded.qos, retain = excluded.retain
    `.execute(db),
  'no-will': (db, { clientId }) => db.deleteFrom('mqtt_wills').where('client_id', '=', clientId).execute(),
};

function toSubscription(row: Selectable<Schema['mqtt_subscriptions']>): Subscription {
  return { topic: row.topic, qos: row.qos, options: JSON.parse(row.options) };
}

function toQueued(row: Selectable<Schema['mqtt_queued']>): QueuedMessage {
  return {
    place: row.place,
    brokerId: row.broker_id,
    brokerCounter: row.broker_counter,
    messageId: row.message_id ?? undefined,
    received: row.received === 1,
    topic: row.topic,
    payload: row.payload,
    qos: row.qos,
    retain: row.retain === 1,
  };
}
