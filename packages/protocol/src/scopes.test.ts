import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { completeScopes, parseScopeText, SCOPES, scopeOfRequest, scopeText } from './scopes.ts';

test('scopes, and what narrows them', () => {
  expect(parseScopeText('write device:shed openid device:robot/jupyter')).toEqual({
    scopes: ['read', 'write'],
    devices: [
      { device: 'shed', service: undefined },
      { device: 'robot', service: 'jupyter' },
    ],
    others: ['openid'],
  });
  expect(parseScopeText('')).toEqual({ scopes: [], devices: [], others: [] });
});

test('what is malformed narrows nothing, and is seen', () => {
  const words = ['device:', 'device:a/b/c', 'device:a/', 'device:A', 'device:a--b', 'Read', 'read\twrite'];
  expect(parseScopeText(words.join(' '))).toEqual({ scopes: [], devices: [], others: words });
});

test('any text is read, and what is read can be written and read again', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.subarray([...SCOPES]), (rubbish, scopes) => {
      const parsed = parseScopeText(`${rubbish} ${scopes.join(' ')}`);
      expect(parseScopeText(scopeText(parsed.scopes, parsed.devices))).toEqual({ ...parsed, others: [] });
      expect(completeScopes(parsed.scopes)).toEqual(parsed.scopes);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});

test('reading is by safe methods, an upgrade is none', () => {
  expect(['GET', 'HEAD', 'OPTIONS'].map((method) => scopeOfRequest(method))).toEqual([
    'read',
    'read',
    'read',
  ]);
  expect(['POST', 'PUT', 'get', 'QUERY', undefined].map((method) => scopeOfRequest(method))).toEqual(
    Array(5).fill('write'),
  );
  expect(scopeOfRequest('GET', true)).toBe('write');
});
