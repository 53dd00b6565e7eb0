import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeNext, signInPath } from './next-path.ts';

const origin = 'https://relay.example';

test('paths of this origin are kept with their query', () => {
  expect(safeNext('/devices/abc?x=1#y', origin)).toBe('/devices/abc?x=1#y');
  expect(safeNext('/sign-on?to=web--pi.relay.example&state=1', origin)).toBe(
    '/sign-on?to=web--pi.relay.example&state=1',
  );
});

test.each([
  '//evil.example',
  '/\\evil.example',
  'https://evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  'javascript:alert(1)',
  '',
])('an address that leads away is not followed: %j', (next) => {
  expect(safeNext(next, origin)).toBe('/');
});

test('the sign-in page does not lead to itself', () => {
  expect(safeNext('/sign-in?next=/sign-in', origin)).toBe('/');
  expect(safeNext(null, origin)).toBe('/');
});

test('whatever is asked for, the browser stays at this origin', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('/', '\\', '.', ':', '@', '\t', '\n', ' ', 'a', '%', '#', '?'),
  });
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string()), (text) => {
      expect(new URL(safeNext(text, origin), origin).origin).toBe(origin);
      expect(new URL(safeNext(`/${text}`, origin), origin).origin).toBe(origin);
    }),
    { interruptAfterTimeLimit: 2000 },
  );
});

test('the sign-in address carries the way back', () => {
  expect(signInPath('/')).toBe('/sign-in');
  expect(signInPath('/devices/a?b=c')).toBe('/sign-in?next=%2Fdevices%2Fa%3Fb%3Dc');
});
