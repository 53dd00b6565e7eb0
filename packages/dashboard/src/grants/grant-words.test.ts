import { expect, test } from 'vitest';
import { grantWords } from './grant-words.ts';

test('what a program may do, in a few words', () => {
  const names = new Map([
    ['a', 'shed'],
    ['b', 'robot'],
  ]);
  expect(grantWords(undefined)).toBe('everything you may');
  expect(grantWords({ scopes: ['read', 'write'] })).toBe('read, write at all devices');
  expect(
    grantWords({ scopes: ['read'], devices: [{ id: 'a' }, { id: 'b', services: ['web'] }] }, names),
  ).toBe('read at shed, robot (web)');
  expect(grantWords({ scopes: ['read'], devices: [{ id: 'gone' }] }, names)).toBe('read at a removed device');
  const four = ['a', 'b', 'c', 'd'].map((id) => ({ id }));
  expect(grantWords({ scopes: ['shell'], devices: four }, names)).toBe('shell at 4 devices');
});
