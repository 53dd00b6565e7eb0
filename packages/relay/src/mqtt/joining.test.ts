import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJoinWish } from './joining.ts';

test.each([
  ['', { name: 'device' }],
  ['{"name":"shed"}', { name: 'shed' }],
  [
    '{"name":"shed","account":"ann","token":"ple_x","more":1}',
    { name: 'shed', account: 'ann', token: 'ple_x' },
  ],
  ['{"name":7,"account":""}', { name: 'device' }],
  ['[]', undefined],
  ['null', undefined],
  ['shed', undefined],
  [`{"name":"${'x'.repeat(2000)}"}`, undefined],
])('%s', (payload, wish) => {
  expect(parseJoinWish(Buffer.from(payload))).toEqual(wish);
});

test('no payload makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (payload) => {
      const wish = parseJoinWish(Buffer.from(payload));
      expect(wish === undefined || typeof wish.name === 'string').toBe(true);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
