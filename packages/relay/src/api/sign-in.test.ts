import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStores, type Stores } from '../storage/index.ts';
import { createRig, PASSWORD, type Rig } from './api-rig.ts';

let stores: Stores;
let clock: FakeClock;
let rig: Rig;

beforeEach(async () => {
  stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  clock = new FakeClock();
  rig = await createRig({ stores, clock });
});
afterEach(async () => {
  await rig.close();
  await stores.close();
  expect(rig.errors).toEqual([]);
});

test('signs in, keeps the cookie to the console, and signs out', async () => {
  const signedIn = await rig.call(undefined, 'POST', '/api/sign-in', { name: ' Bob ', password: PASSWORD });
  expect(signedIn.statusCode).toBe(200);
  expect(signedIn.json()).toMatchObject({ account: { name: 'bob', role: 'member' } });
  expect(signedIn.body).not.toContain('argon2');
  expect(signedIn.headers['cache-control']).toBe('no-store');
  const setCookie = String(signedIn.headers['set-cookie']);
  expect(setCookie).toMatch(
    /^__Host-porchlight=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/,
  );
  const headers = { cookie: setCookie.split(';')[0] ?? '' };
  expect((await rig.call(undefined, 'GET', '/api/me', undefined, headers)).json()).toMatchObject({
    account: { name: 'bob' },
    relay: { domain: 'relay.example' },
  });
  const out = await rig.call(undefined, 'POST', '/api/sign-out', {}, headers);
  expect([out.statusCode, String(out.headers['set-cookie'])]).toEqual([
    204,
    expect.stringContaining('Max-Age=0'),
  ]);
  expect((await rig.call(undefined, 'GET', '/api/me', undefined, headers)).statusCode).toBe(401);
});

test('over plain HTTP the cookie has its other name, and only that name is heard', async () => {
  const plain = await createRig({
    stores: await openStores({ kind: 'sqlite', file: ':memory:' }),
    clock,
  });
  Object.assign(plain.deps, { isSecure: () => false });
  const signedIn = await plain.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: PASSWORD });
  expect(String(signedIn.headers['set-cookie'])).toMatch(
    /^porchlight=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
  );
  expect((await plain.call('bob', 'GET', '/api/me')).statusCode).toBe(401);
  const cookie = plain.cookieOf('bob').replace('__Host-', '');
  expect((await plain.call(undefined, 'GET', '/api/me', undefined, { cookie })).statusCode).toBe(200);
  const twice = `${cookie}; ${cookie}`;
  expect((await plain.call(undefined, 'GET', '/api/me', undefined, { cookie: twice })).statusCode).toBe(401);
  await plain.close();
});

test('an unknown name and a wrong password answer alike', async () => {
  const wrong = await rig.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: 'not this one' });
  const unknown = await rig.call(undefined, 'POST', '/api/sign-in', {
    name: 'zed',
    password: 'not this one',
  });
  expect(wrong.statusCode).toBe(401);
  expect(wrong.headers['content-type']).toContain('application/problem+json');
  expect([unknown.statusCode, unknown.body]).toEqual([wrong.statusCode, wrong.body]);
});

test('guessing is slowed, and the owner at another address is not', async () => {
  const guess = { name: 'bob', password: 'guess' };
  const from = { 'x-test-address': '198.51.100.7' };
  for (let n = 0; n < 5; n += 1) {
    expect((await rig.call(undefined, 'POST', '/api/sign-in', guess, from)).statusCode).toBe(401);
  }
  const slowed = await rig.call(undefined, 'POST', '/api/sign-in', guess, from);
  expect([slowed.statusCode, slowed.headers['retry-after']]).toEqual([429, '60']);
  const right = { name: 'bob', password: PASSWORD };
  expect((await rig.call(undefined, 'POST', '/api/sign-in', right, from)).statusCode).toBe(429);
  expect((await rig.call(undefined, 'POST', '/api/sign-in', right)).statusCode).toBe(200);
  await clock.advance(60_000);
  expect((await rig.call(undefined, 'POST', '/api/sign-in', right, from)).statusCode).toBe(200);
});

test('a guess spread over many addresses slows strangers, not the address the owner uses', async () => {
  for (let n = 0; n < 50; n += 1) {
    const from = { 'x-test-address': `198.51.100.${n}` };
    await rig.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: 'guess' }, from);
  }
  const right = { name: 'bob', password: PASSWORD };
  const stranger = { 'x-test-address': '203.0.113.9' };
  expect((await rig.call(undefined, 'POST', '/api/sign-in', right, stranger)).statusCode).toBe(429);
  // Bob's session was made from 192.0.2.1, which the store knows.
  expect((await rig.call(undefined, 'POST', '/api/sign-in', right)).statusCode).toBe(200);
});

test('refusals are in the audit log, a flood of them is not', async () => {
  for (let n = 0; n < 25; n += 1) {
    await rig.call(undefined, 'POST', '/api/sign-in', { name: 'zed', password: 'guess' });
    if (n % 4 === 3) await clock.advance(1_000);
  }
  const log = await rig.call('ann', 'GET', '/api/audit?action=session.refused');
  const { items } = log.json();
  expect(items.length).toBe(5);
  expect(items[0]).toMatchObject({ actor: 'relay', target: 'zed', address: '192.0.2.1' });
  expect((await rig.call('bob', 'GET', '/api/audit?action=session.refused')).json().items).toEqual([]);
});

test('a one-time link signs in once', async () => {
  const token = rig.signInLinks.create(rig.idOf('ann'), 60_000);
  const late = rig.signInLinks.create(rig.idOf('ann'), 60_000);
  const first = await rig.call(undefined, 'POST', '/api/sign-in/link', { token });
  expect(first.json()).toMatchObject({ account: { name: 'ann' } });
  expect((await rig.call(undefined, 'POST', '/api/sign-in/link', { token })).statusCode).toBe(410);
  await clock.advance(60_000);
  expect((await rig.call(undefined, 'POST', '/api/sign-in/link', { token: late })).statusCode).toBe(410);
});

test('the set-up link makes the first account, once, and survives a restart', async () => {
  const empty = await openStores({ kind: 'sqlite', file: ':memory:' });
  const before = await createRig({ stores: empty, clock, people: false });
  const token = (await before.deps.setupLink.prepare()) ?? '';
  await before.close();
  const fresh = await createRig({ stores: empty, clock, people: false });
  const later = (await fresh.deps.setupLink.prepare()) ?? '';
  expect((await fresh.call(undefined, 'GET', '/api/setup')).json()).toEqual({ open: true });
  const person = { name: 'zoe', password: PASSWORD };
  const forged = await fresh.call(undefined, 'POST', '/api/setup', { ...person, token: `${token}x` });
  expect(forged.statusCode).toBe(410);
  const [one, two] = await Promise.all([
    fresh.call(undefined, 'POST', '/api/setup', { ...person, token }),
    fresh.call(undefined, 'POST', '/api/setup', { name: 'yan', password: PASSWORD, token: later }),
  ]);
  expect(new Set([one.statusCode, two.statusCode])).toEqual(new Set([201, 410]));
  expect((one.statusCode === 201 ? one : two).json()).toMatchObject({ account: { role: 'admin' } });
  expect((await fresh.call(undefined, 'GET', '/api/setup')).json()).toEqual({ open: false });
  expect(await fresh.deps.setupLink.prepare()).toBeUndefined();
  expect((await fresh.call(undefined, 'POST', '/api/setup', { ...person, token: later })).statusCode).toBe(
    410,
  );
  await fresh.close();
  await empty.close();
});

test('a changed password ends the other sessions', async () => {
  const other = await rig.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: PASSWORD });
  const cookie = String(other.headers['set-cookie']).split(';')[0] ?? '';
  const next = 'an even longer password';
  const wrong = await rig.call('bob', 'POST', '/api/me/password', { current: 'no', next });
  expect(wrong.json()).toMatchObject({ code: 'wrong_credentials' });
  expect((await rig.call('bob', 'POST', '/api/me/password', { current: PASSWORD, next })).statusCode).toBe(
    204,
  );
  expect((await rig.call(undefined, 'GET', '/api/me', undefined, { cookie })).statusCode).toBe(401);
  expect((await rig.call('bob', 'GET', '/api/me')).statusCode).toBe(200);
  expect(
    (await rig.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: next })).statusCode,
  ).toBe(200);
});

test('sessions are listed and ended, and slide while they are used', async () => {
  await rig.call(undefined, 'POST', '/api/sign-in', { name: 'bob', password: PASSWORD });
  const { items } = (await rig.call('bob', 'GET', '/api/me/sessions')).json();
  expect(items).toHaveLength(2);
  const other = items.find((one: { current: boolean }) => !one.current);
  expect((await rig.call('bob', 'DELETE', `/api/me/sessions/${other.id}`)).statusCode).toBe(204);
  expect((await rig.call('bob', 'DELETE', `/api/me/sessions/${other.id}`)).statusCode).toBe(404);
  for (let n = 0; n < 3; n += 1) {
    await clock.advance(20 * 24 * 3600_000);
    expect((await rig.call('bob', 'GET', '/api/me')).statusCode).toBe(200);
  }
  await clock.advance(30 * 24 * 3600_000);
  expect((await rig.call('bob', 'GET', '/api/me')).statusCode).toBe(401);
});
