import { FakeClock } from '@porchlight/testkit';
import { expect, test } from 'vitest';
import { addressKey, TokenBuckets } from './token-buckets.ts';

test('so many at once, then one each interval', async () => {
  const clock = new FakeClock();
  const buckets = new TokenBuckets({ capacity: 2, refillMs: 1_000 }, clock);
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 1_000]);
  expect(buckets.take('b')).toBe(0);
  await clock.advance(400);
  expect(buckets.take('a')).toBe(600);
  await clock.advance(600);
  expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1_000]);
  await clock.advance(3_600_000);
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a')]).toEqual([0, 0, 1_000]);
});

test('what is given back can be taken again, and never more than fits', () => {
  const buckets = new TokenBuckets({ capacity: 1, refillMs: 1_000 }, new FakeClock());
  buckets.take('a');
  buckets.giveBack('a');
  buckets.giveBack('a');
  expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 1_000]);
});

test('keeps a bounded number of keys, the ones used last', () => {
  const buckets = new TokenBuckets({ capacity: 1, refillMs: 1_000 }, new FakeClock(), 3);
  for (const key of ['a', 'b', 'c', 'a', 'd']) buckets.take(key);
  expect(buckets.size).toBe(3);
  expect(buckets.take('a')).toBe(1_000);
  expect(buckets.take('b')).toBe(0);
});

test('an IPv6 customer counts as one', () => {
  expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(addressKey('192.0.2.1')).toBe('192.0.2.1');
  expect(addressKey('2001:DB8:0:1::5')).toBe(addressKey('2001:0db8:0000:0001:ffff:1:2:3'));
  expect(addressKey('2001:db8::1:2:3:4:5')).toBe('2001:db8:0:1::/64');
  expect(addressKey('::1')).toBe('0:0:0:0::/64');
  expect(addressKey('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(addressKey('')).toBe('');
});
