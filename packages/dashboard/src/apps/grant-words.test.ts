import { expect, test } from 'vitest';
import { mayWords, whereWords } from './grant-words.ts';

test('what an app may, where, in few words', () => {
  expect(mayWords({ scopes: ['read'] })).toBe('reads');
  expect(mayWords({ scopes: ['read', 'write', 'shell', 'manage'] })).toBe(
    'uses services fully, opens shells and changes the set-up',
  );
  expect(mayWords({ scopes: [] })).toBe('knows your name');
  expect(whereWords({ scopes: ['read'] })).toBe('on all devices');
  expect(whereWords({ scopes: ['read'], devices: [] })).toBe('on devices that are gone');
  const devices = [
    { id: 'a', name: 'shed' },
    { id: 'b', name: 'robot', services: ['web', 'ssh'] },
  ];
  expect(whereWords({ scopes: ['read'], devices })).toBe('on shed and web and ssh of robot');
});
