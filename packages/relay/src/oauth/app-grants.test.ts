import { FakeClock } from '@porchlight/testkit';
import { errors } from 'oidc-provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Person } from '../access/index.ts';
import type { NewAuditEntry } from '../audit/index.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { hashSecret, newId } from '../secrets.ts';
import { openStores, type Stores } from '../storage/index.ts';
import { createAdapters } from './adapter.ts';
import { AppGrants } from './app-grants.ts';
import { Apps } from './apps.ts';
import type { NamedGrant } from './scope-words.ts';

const READ: NamedGrant = { scopes: ['read'], devices: undefined, signIn: false, lasting: true };
const FROM = { asked: 'read', address: '192.0.2.1' };

let stores: Stores;
let clock: FakeClock;
let grants: AppGrants;
let apps: Apps;
let ann: Person;
const noted: NewAuditEntry[] = [];
const heard: RelayEvent[] = [];

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  clock = new FakeClock();
  noted.length = 0;
  heard.length = 0;
  const events = createEventBus((error) => {
    throw error;
  });
  events.subscribe((event) => heard.push(event));
  const audit = { append: (entry: NewAuditEntry) => void noted.push(entry) };
  grants = new AppGrants({
    ...{ store: stores.appGrants, records: stores.oauthRecords, audit, events, clock },
    appName: (id) => Promise.resolve(id),
  });
  apps = new Apps({ store: stores.apps, audit, clock, endGrants: (id) => grants.endOfApp(id) });
  const account = {
    id: newId(),
    name: 'ann',
    role: 'member',
    passwordHash: '',
    createdAt: clock.now(),
  } as const;
  await stores.accounts.insert(account);
  ann = { kind: 'session', accountId: account.id, accountName: 'ann', role: 'member', sessionId: 's' };
});
afterEach(() => stores.close());

const adapter = (kind: string) =>
  createAdapters({ records: stores.oauthRecords, grants, apps, clock, endedBy: () => 'reuse' })(kind);

test('an app that is let in again and again ends the access that was not used for longest', async () => {
  const first = await grants.allow(ann, 'app', READ, FROM);
  await clock.advance(1000);
  const used = await grants.allow(ann, 'app', READ, FROM);
  for (let n = 0; n < 48; n++) await grants.allow(ann, 'app', READ, FROM);
  expect(await grants.list(ann.accountId)).toHaveLength(50);
  await clock.advance(10 * 60_000);
  await grants.noteUse(used);
  await grants.allow(ann, 'app', READ, FROM);
  const left = (await grants.list(ann.accountId)).map(({ id }) => id);
  expect(left).toHaveLength(50);
  expect(left).toContain(used.id);
  expect(left).not.toContain(first.id);
  expect(heard).toContainEqual({ type: 'access-token-revoked', accountId: ann.accountId, tokenId: first.id });
});

test('a token is found while it lives, by nothing but itself, and use is noted', async () => {
  const grant = await grants.allow(ann, 'app', READ, FROM);
  const token = `plo_${'A'.repeat(43)}`;
  await adapter('AccessToken').upsert(token, { scope: 'read', grantId: grant.id, jti: token }, 3600);
  expect(await grants.find(token)).toEqual({
    accountId: ann.accountId,
    grantId: grant.id,
    grant: { scopes: ['read'] },
    expiresAt: clock.now() + 3600_000,
  });
  expect((await grants.byId(grant.id))?.lastUsedAt).toBe(clock.now());
  for (const other of [hashSecret(token), `plo_${'B'.repeat(43)}`, '', 'plo_']) {
    expect(await grants.find(other)).toBeUndefined();
  }
  await clock.advance(3600_000);
  expect(await grants.find(token)).toBeUndefined();
  await grants.sweep();
  expect(await stores.oauthRecords.find('AccessToken', hashSecret(token))).toBeUndefined();
});

test('an app that asks on and on has no more than so many tokens', async () => {
  const grant = await grants.allow(ann, 'app', READ, FROM);
  for (let n = 0; n < 60; n++) {
    const token = `plo_${String(n).padStart(43, '0')}`;
    await adapter('AccessToken').upsert(token, { scope: 'read', grantId: grant.id, jti: token }, 3600 + n);
  }
  expect(await stores.oauthRecords.count('AccessToken', clock.now())).toBe(50);
  expect(await grants.find(`plo_${'59'.padStart(43, '0')}`)).toBeDefined();
  expect(await grants.find(`plo_${'0'.padStart(43, '0')}`)).toBeUndefined();
});

test('what waits for people is bounded in all; what waits already can still be answered', async () => {
  const waiting = adapter('DeviceCode');
  await waiting.upsert('first', { jti: 'first', userCode: 'BCDFGHJK' }, 600);
  const full = { ...stores.oauthRecords, count: () => Promise.resolve(2_000) };
  const beside = createAdapters({ records: full, grants, apps, clock, endedBy: () => 'reuse' })('DeviceCode');
  await expect(beside.upsert('second', { jti: 'second' }, 600)).rejects.toThrow(
    errors.TemporarilyUnavailable,
  );
  const found = await beside.findByUserCode('BCDFGHJK');
  await beside.upsert(found?.jti ?? '', { ...found, accountId: ann.accountId }, 600);
  expect(await waiting.find('first')).toMatchObject({ jti: 'first', accountId: ann.accountId });
  // The name by which it was found is no secret that a program could send.
  expect(await waiting.find(hashSecret('first'))).toBeUndefined();
});

test('what comes twice at the same moment counts once, and ends the grant', async () => {
  const grant = await grants.allow(ann, 'app', READ, FROM);
  const tokens = adapter('RefreshToken');
  await tokens.upsert('plr_x', { jti: 'plr_x', grantId: grant.id }, 600);
  const both = await Promise.allSettled([tokens.consume('plr_x'), tokens.consume('plr_x')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await grants.byId(grant.id)).toBeUndefined();
  expect(noted.at(-1)).toMatchObject({ action: 'app.revoked', actor: 'relay', detail: { by: 'reuse' } });
});

test('strangers who begin to sign in again and again keep out nobody who is signed in', async () => {
  const full = { ...stores.oauthRecords, count: () => Promise.resolve(5_000) };
  const kept = createAdapters({ records: full, grants, apps, clock, endedBy: () => 'reuse' })('Interaction');
  await expect(kept.upsert('i1', { params: {} }, 600)).rejects.toBeInstanceOf(errors.TemporarilyUnavailable);
  await kept.upsert('i2', { params: {}, session: { accountId: ann.accountId, uid: 'u', cookie: 'c' } }, 600);
  expect(await kept.find('i2')).toBeDefined();
});

test('nobody ends what is another’s, and names that people trust are not given away', async () => {
  const grant = await grants.allow(ann, 'app', READ, FROM);
  const bob: Person = { ...ann, accountId: 'bob', accountName: 'bob' };
  await expect(grants.revoke(bob, grant.id, '192.0.2.1')).rejects.toMatchObject({ code: 'not_found' });
  const wish = { callbacks: [], confidential: false };
  for (const name of ['Porchlight', 'porch light CLI', 'My PORCHLIGHT']) {
    await expect(apps.register(ann, { ...wish, name }, '192.0.2.1')).rejects.toMatchObject({
      code: 'bad_request',
    });
  }
  expect((await apps.find('porchlight-cli'))?.ownerId).toBeUndefined();
});
