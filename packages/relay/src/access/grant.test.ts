import { PorchlightError, type Scope } from '@porchlight/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  authorise,
  authoriseInGeneral,
  authoriseVisit,
  createGrant,
  type GrantRecord,
  grantText,
  type Identity,
  parseGrantText,
} from './index.ts';

const program = (record: GrantRecord, role: 'admin' | 'member' = 'member'): Identity => ({
  ...{ kind: 'access-token', accountId: 'a', accountName: 'ann', role, tokenId: 't' },
  grant: createGrant(record),
});

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'allowed';
  } catch (error) {
    if (error instanceof PorchlightError) return error.code;
    throw error;
  }
}

const visit = (identity: Identity, id: string, name: string, scope: 'read' | 'write') =>
  codeOf(() => authoriseVisit(identity, { accountId: 'a', id }, { access: 'login', name }, scope));

test('a program reads, or writes too, as its scopes say', () => {
  const reader = program({ scopes: ['read'] });
  const writer = program({ scopes: ['write'] });
  expect([visit(reader, 'd', 'web', 'read'), visit(reader, 'd', 'web', 'write')]).toEqual([
    'allowed',
    'scope_missing',
  ]);
  expect([visit(writer, 'd', 'web', 'read'), visit(writer, 'd', 'web', 'write')]).toEqual([
    'allowed',
    'allowed',
  ]);
  expect(visit(program({ scopes: ['shell', 'manage'] }), 'd', 'web', 'read')).toBe('scope_missing');
});

test('beyond the devices and services of a grant nothing is found', () => {
  const narrowed = program({ scopes: ['write'], devices: [{ id: 'd' }, { id: 'e', services: ['web'] }] });
  expect(visit(narrowed, 'd', 'any', 'write')).toBe('allowed');
  expect(visit(narrowed, 'e', 'web', 'write')).toBe('allowed');
  expect(visit(narrowed, 'e', 'ssh', 'write')).toBe('not_found');
  expect(visit(narrowed, 'f', 'web', 'write')).toBe('not_found');
  expect(visit(program({ scopes: ['write'], devices: [] }), 'd', 'web', 'read')).toBe('not_found');
});

test('what is about more than a narrowed grant reaches is refused', () => {
  const all: Scope[] = ['read', 'write', 'shell', 'manage'];
  const partly = program({ scopes: all, devices: [{ id: 'd', services: ['web'] }] }, 'admin');
  const of = (action: Parameters<typeof authorise>[1], deviceId?: string, service?: string) =>
    codeOf(() => authorise(partly, action, { accountId: 'a', ...(deviceId && { deviceId }), service }));
  expect(of('device:read', 'd')).toBe('allowed');
  expect(of('service:change', 'd', 'web')).toBe('allowed');
  expect(of('service:change', 'd')).toBe('not_found');
  for (const action of [
    'device:change',
    'device:remove',
    'mqtt-credential:change',
    'device:shell',
  ] as const) {
    expect(of(action, 'd'), action).toBe('not_found');
  }
  for (const action of ['device:enrol', 'join-request:answer', 'audit:read', 'path-route:change'] as const) {
    expect(of(action, 'd'), action).toBe('scope_missing');
  }
  expect(codeOf(() => authorise(partly, 'accounts:read', 'relay'))).toBe('scope_missing');
  expect(of('account:read')).toBe('allowed');
});

test('an object without its device is refused to a narrowed grant: closed where a caller forgets to say', () => {
  const narrowed = program({ scopes: ['read'], devices: [{ id: 'd' }] });
  expect(codeOf(() => authorise(narrowed, 'device:read', { accountId: 'a' }))).toBe('not_found');
});

test('no grant lets a program do what is done in a browser only', () => {
  const whole = program({ scopes: ['read', 'write', 'shell', 'manage'] }, 'admin');
  for (const action of [
    'account:secure',
    'ssh-key:change',
    'app-password:change',
    'accounts:change',
  ] as const) {
    expect(
      codeOf(() => authoriseInGeneral(whole, action)),
      action,
    ).toBe('forbidden');
  }
});

test('a grant is read as it was written; rubbish allows nothing', () => {
  const record: GrantRecord = { scopes: ['read'], devices: [{ id: 'd' }, { id: 'e', services: ['web'] }] };
  expect(parseGrantText(grantText(record))).toEqual(record);
  expect(parseGrantText(grantText({ scopes: ['shell'] }))).toEqual({ scopes: ['shell'] });
  for (const text of ['', 'null', '7', '[]', '{"scopes":"read"}', '{"scopes":["read"],"devices":null}']) {
    expect(visit(program(parseGrantText(text)), 'd', 'web', 'read'), text).not.toBe('allowed');
  }
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(visit(program(parseGrantText(text)), 'd', 'web', 'read')).not.toBe('allowed');
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
