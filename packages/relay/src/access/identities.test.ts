import { FakeClock } from '@porchlight/testkit';
import { expect, test } from 'vitest';
import { type AccountRecord, type SessionRecord, type SessionStore, Sessions } from '../accounts/index.ts';
import { createEventBus } from '../events.ts';
import { AccessTokens } from './access-tokens.ts';
import { Identities } from './identities.ts';

/** One account with one session, in a store that counts how often it is asked and can be held. */
async function setUp() {
  const clock = new FakeClock();
  const events = createEventBus((error) => {
    throw error;
  });
  const rows: SessionRecord[] = [];
  let asked = 0;
  let held = Promise.resolve();
  const store: SessionStore = {
    insert: async (record) => void rows.push(record),
    byTokenHash: async (hash) => {
      asked += 1;
      const row = rows.find((one) => one.tokenHash === hash);
      await held;
      return row;
    },
    list: async () => [...rows],
    touch: async () => undefined,
    remove: async (_, id) => {
      const at = rows.findIndex((one) => one.id === id);
      return at >= 0 && rows.splice(at, 1).length > 0;
    },
    removeOthers: async () => rows.splice(0).map(({ id }) => id),
    removeExpired: async () => undefined,
  };
  let account: AccountRecord = { id: 'a', name: 'ann', role: 'admin', passwordHash: '', createdAt: 0 };
  const sessions = new Sessions({ store, clock, events });
  const noTokens = {
    insert: async () => undefined,
    byTokenHash: async () => undefined,
    list: async () => [],
    used: async () => undefined,
    remove: async () => false,
  };
  const tokens = new AccessTokens({ store: noTokens, audit: { append: () => undefined }, events, clock });
  const keyRecord = {
    id: 'k',
    accountId: 'a',
    name: '',
    fingerprint: 'SHA256:k',
    publicKey: '',
    createdAt: 0,
  };
  const keys = new Map([['SHA256:k', { ...keyRecord, lastUsedAt: undefined }]]);
  const identities = new Identities({
    sessions,
    tokens,
    appTokens: { find: async () => undefined },
    keys: { byFingerprint: async (fingerprint) => keys.get(fingerprint) },
    accounts: { byId: async () => account },
    events,
    clock,
  });
  const { session, secret } = await sessions.start('a', { address: '192.0.2.1', userAgent: '' });
  return {
    clock,
    events,
    sessions,
    identities,
    session,
    secret,
    keys,
    asked: () => asked,
    hold: (until: Promise<void>) => {
      held = until;
    },
    demote: () => {
      account = { ...account, role: 'member' };
    },
  };
}

test('looks a session up once in half a minute', async () => {
  const { identities, secret, clock, asked } = await setUp();
  for (let n = 0; n < 10; n += 1) {
    expect(await identities.bySessionSecret(secret)).toMatchObject({ kind: 'session', accountName: 'ann' });
  }
  expect(asked()).toBe(1);
  await clock.advance(30_000);
  await identities.bySessionSecret(secret);
  expect(asked()).toBe(2);
});

test('an ended session is nobody at once, by secret and by id', async () => {
  const { identities, sessions, secret, session } = await setUp();
  expect((await identities.bySessionSecret(secret)).kind).toBe('session');
  expect((await identities.bySession('a', session.id)).kind).toBe('session');
  await sessions.end('a', session.id);
  expect((await identities.bySessionSecret(secret)).kind).toBe('anonymous');
  expect((await identities.bySession('a', session.id)).kind).toBe('anonymous');
});

test('a lookup that was under way when the session ended is not kept', async () => {
  const { identities, sessions, secret, session, hold } = await setUp();
  const gate = Promise.withResolvers<void>();
  hold(gate.promise);
  const underWay = identities.bySessionSecret(secret);
  await sessions.end('a', session.id);
  gate.resolve();
  expect((await underWay).kind).toBe('anonymous');
  expect((await identities.bySessionSecret(secret)).kind).toBe('anonymous');
});

test('a changed role counts at once', async () => {
  const { identities, secret, events, demote } = await setUp();
  expect(await identities.bySessionSecret(secret)).toMatchObject({ role: 'admin' });
  demote();
  events.publish({ type: 'account-changed', accountId: 'a' });
  await Promise.resolve();
  expect(await identities.bySessionSecret(secret)).toMatchObject({ role: 'member' });
});

test('a key is the person who has it, and nobody as soon as it is removed', async () => {
  const { identities, events, keys } = await setUp();
  expect(await identities.bySshKey('SHA256:k')).toMatchObject({ kind: 'ssh-key', keyId: 'k', role: 'admin' });
  expect((await identities.bySshKey('SHA256:other')).kind).toBe('anonymous');
  keys.clear();
  events.publish({ type: 'ssh-key-removed', accountId: 'a', keyId: 'k' });
  await Promise.resolve();
  expect((await identities.bySshKey('SHA256:k')).kind).toBe('anonymous');
});
