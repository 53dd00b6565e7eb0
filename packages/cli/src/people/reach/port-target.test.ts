import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseForwardWish } from './port-target.ts';

it.each([
  ['22', { local: 22, target: 22 }],
  ['8080:80', { local: 8080, target: 80 }],
  ['0:80', { local: 0, target: 80 }],
  ['5900:vnc', { local: 5900, target: 'vnc' }],
  ['vnc', { local: 0, target: 'vnc' }],
])('%s', (text, wish) => {
  expect(parseForwardWish(text)).toEqual(wish);
});

it.each(['', '0', ':', '1:2:3', '70000', '80:0', 'vnc:80', '-1:80', 'a b', '80:70000'])(
  '%j is no forward',
  (text) => {
    expect(() => parseForwardWish(text)).toThrow(/neither a port|no forward/);
  },
);

it('whatever is written: ports and names, or an error with a hint', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        const { local, target } = parseForwardWish(text);
        expect(local).toBeLessThanOrEqual(65_535);
        expect(target).not.toBe('');
      } catch (error) {
        expect(error).toMatchObject({ name: 'CommandError', exitCode: 2, hint: expect.any(String) });
      }
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
