import { PorchlightError } from '@porchlight/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ANONYMOUS,
  authorise,
  authoriseVisit,
  bearerToken,
  consoleSecret,
  hasConsoleCookie,
  type Identity,
  setConsoleCookie,
} from './index.ts';

const account = { accountId: 'a', accountName: 'ann', role: 'member' } as const;
const session: Identity = { kind: 'session', ...account, sessionId: 's' };
const token: Identity = { kind: 'access-token', ...account, tokenId: 't' };
const other: Identity = { ...session, accountId: 'b', accountName: 'bob' };
const admin: Identity = { ...other, role: 'admin' };

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'allowed';
  } catch (error) {
    if (error instanceof PorchlightError) return error.code;
    throw error;
  }
}

test('what belongs to another account is not found, for admins too', () => {
  const of = (identity: Identity) => codeOf(() => authorise(identity, 'device:read', { accountId: 'a' }));
  expect([ANONYMOUS, session, token, other, admin].map(of)).toEqual([
    'not_signed_in',
    'allowed',
    'allowed',
    'not_found',
    'not_found',
  ]);
});

test('what is about the relay is for admins, changes to it for admins in a browser', () => {
  const of = (identity: Identity) => [
    codeOf(() => authorise(identity, 'accounts:read', 'relay')),
    codeOf(() => authorise(identity, 'accounts:change', 'relay')),
  ];
  expect(of(session)).toEqual(['forbidden', 'forbidden']);
  expect(of(admin)).toEqual(['allowed', 'allowed']);
  expect(of({ ...token, role: 'admin' })).toEqual(['allowed', 'forbidden']);
  expect(codeOf(() => authorise(admin, 'accounts:change', { accountId: 'b' }))).toBe('not_found');
  expect(codeOf(() => authorise(admin, 'device:read', 'relay'))).toBe('not_found');
});

test('what would outlive a revoked token needs a browser session', () => {
  expect(codeOf(() => authorise(token, 'account:secure', { accountId: 'a' }))).toBe('forbidden');
  expect(codeOf(() => authorise(session, 'account:secure', { accountId: 'a' }))).toBe('allowed');
});

const device = { accountId: 'a', id: 'd' };

const visits = [
  ['public', ['allowed', 'allowed', 'allowed', 'allowed']],
  ['login', ['not_signed_in', 'allowed', 'allowed', 'not_found']],
  ['token', ['not_signed_in', 'not_signed_in', 'allowed', 'not_found']],
  ['basic', ['not_signed_in', 'not_signed_in', 'not_signed_in', 'not_signed_in']],
] as const;

test.each(visits)('who may visit a service in mode %s', (access, expected) => {
  const visit = (identity: Identity) =>
    codeOf(() => authoriseVisit(identity, device, { access, name: 'web' }, 'write'));
  expect([ANONYMOUS, session, token, other].map(visit)).toEqual(expected);
});

test('a right basic password opens mode basic and no other', () => {
  expect(authoriseVisit(ANONYMOUS, device, { access: 'basic', name: 'web' }, 'read', 'right')).toEqual({
    person: undefined,
    role: undefined,
  });
  expect(
    codeOf(() => authoriseVisit(ANONYMOUS, device, { access: 'basic', name: 'web' }, 'read', 'wrong')),
  ).toBe('wrong_credentials');
  for (const access of ['login', 'token'] as const) {
    expect(codeOf(() => authoriseVisit(ANONYMOUS, device, { access, name: 'web' }, 'read', 'right'))).toBe(
      'not_signed_in',
    );
  }
});

test('the device is told the owner where somebody signed in, and nobody otherwise', () => {
  expect(authoriseVisit(session, device, { access: 'login', name: 'web' }, 'read')).toEqual({
    person: 'ann',
    role: 'owner',
  });
  expect(authoriseVisit(token, device, { access: 'token', name: 'web' }, 'read')).toEqual({
    person: 'ann',
    role: 'owner',
  });
  expect(authoriseVisit(session, device, { access: 'public', name: 'web' }, 'read')).toEqual({
    person: undefined,
    role: undefined,
  });
});

test('the cookie: one of its own kind, well formed, or none', () => {
  const secret = 'x'.repeat(43);
  const pair = setConsoleCookie(secret, true).split(';')[0] ?? '';
  expect(consoleSecret(`a=b; ${pair}; c=d`, true)).toBe(secret);
  expect(consoleSecret(`porchlight=${secret}`, true)).toBeUndefined();
  expect(consoleSecret(`porchlight=${secret}`, false)).toBe(secret);
  expect(consoleSecret(`${pair}; ${pair}`, true)).toBeUndefined();
  expect(consoleSecret(`${pair}x`, true)).toBeUndefined();
  expect(hasConsoleCookie(`a=b;porchlight=`)).toBe(true);
  expect(hasConsoleCookie(`notporchlight=1; x=porchlight=`)).toBe(false);
  expect(setConsoleCookie(undefined, false)).toBe('porchlight=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
});

test('outside headers never break the parsers', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((tail) => `Bearer ${tail}`),
    fc.string().map((tail) => `__Host-porchlight=${tail}`),
  );
  fc.assert(
    fc.property(text, (header) => {
      expect(consoleSecret(header, true) ?? 'x'.repeat(43)).toMatch(/^[\w-]{43}$/);
      expect(typeof (bearerToken(header) ?? '')).toBe('string');
      hasConsoleCookie(header);
    }),
    { numRuns: 5_000, interruptAfterTimeLimit: 2_000 },
  );
  expect(bearerToken('bearer  abc')).toBe('abc');
  expect(bearerToken('Basic abc')).toBeUndefined();
  expect(bearerToken('Bearer')).toBe('');
});
