import { expect, test } from 'vitest';
import type { AppGrantRecord } from './app-grant-store.ts';
import { faultOfScope } from './app-wish.ts';
import {
  answersToo,
  grantedScope,
  grantOfToken,
  grantRecordOf,
  type NamedGrant,
  scopeOfAsk,
} from './scope-words.ts';

const named: NamedGrant = {
  scopes: ['read', 'write'],
  devices: [
    { id: 'd1', name: 'shed' },
    { id: 'd2', name: 'robot', services: ['web', 'ssh'] },
  ],
  signIn: true,
  lasting: true,
};
const record: AppGrantRecord = {
  id: 'g',
  accountId: 'a',
  appId: 'app',
  grant: grantRecordOf(named),
  scope: grantedScope(named),
  asked: 'read write',
  linkButton: false,
  createdAt: 0,
  lastUsedAt: undefined,
};

test('a grant as a scope text, and as it is kept', () => {
  expect(record.scope).toBe('openid offline_access read write device:shed device:robot/web device:robot/ssh');
  expect(record.grant).toEqual({
    scopes: ['read', 'write'],
    devices: [{ id: 'd1' }, { id: 'd2', services: ['web', 'ssh'] }],
  });
  expect(grantedScope({ ...named, scopes: [], devices: [], lasting: false })).toBe('openid');
});

test('a token is held to its own text and to the grant', () => {
  expect(grantOfToken(record, record.scope)).toEqual(record.grant);
  expect(grantOfToken(record, 'read')).toEqual({ ...record.grant, scopes: ['read'] });
  expect(grantOfToken(record, 'read device:robot/ssh')).toEqual({
    scopes: ['read'],
    devices: [{ id: 'd2', services: ['ssh'] }],
  });
  expect(grantOfToken(record, 'read manage device:shed')).toEqual({
    scopes: ['read'],
    devices: [{ id: 'd1' }],
  });
  // What was never granted reaches nothing.
  expect(grantOfToken(record, 'read device:garage')).toEqual({ scopes: ['read'], devices: [] });
  expect(grantOfToken(record, '')).toMatchObject({ scopes: [] });
});

test('an answer is one to the same question, or to less on the same devices', () => {
  expect(answersToo('openid read write', 'write read')).toBe(true);
  expect(answersToo('read', 'read write')).toBe(false);
  expect(answersToo('read device:shed', 'read')).toBe(false);
  expect(answersToo('read', 'read device:shed')).toBe(false);
  expect(answersToo('read device:shed device:robot', 'read device:shed')).toBe(false);
  expect(answersToo('read device:shed', 'device:shed read')).toBe(true);
});

test('a new token gets no more of a grant than was asked for, and its devices always', () => {
  expect(scopeOfAsk(record.scope, 'openid read')).toBe(
    'openid read device:shed device:robot/web device:robot/ssh',
  );
  expect(scopeOfAsk('read write', 'write')).toBe('read write');
});

test('scope texts that cannot be meant', () => {
  expect(faultOfScope('read device:shed/web offline_access profile')).toBeUndefined();
  expect(faultOfScope('openid')).toBeUndefined();
  for (const text of [
    undefined,
    '',
    ' ',
    'profile',
    'device:shed',
    'read device:',
    'read device:a--b',
    `read ${'x'.repeat(2000)}`,
  ]) {
    expect(faultOfScope(text), text).toEqual(expect.any(String));
  }
  expect(faultOfScope(`read${' device:a'.repeat(101)}`)).toContain('100 devices');
});
