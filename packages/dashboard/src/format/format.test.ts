import { expect, test } from 'vitest';
import { formatBytes, formatMillis, formatShare, plural } from './quantity.ts';
import { formatCountdown, formatDuration, formatRelative } from './time.ts';

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [59_999, '59 s'],
  [MIN, '1 min'],
  [59 * MIN + 59_999, '59 min'],
  [2 * HOUR, '2 h'],
  [2 * HOUR + 5 * MIN, '2 h 5 min'],
  [3 * DAY + 4 * HOUR, '3 d 4 h'],
  [400 * DAY, '400 d'],
])('a duration of %d ms', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('relative times, in both directions', () => {
  const now = 1_000_000_000;
  expect(formatRelative(now, now)).toBe('just now');
  expect(formatRelative(now + 3000, now)).toBe('just now');
  expect(formatRelative(now - 12_000, now)).toBe('12 s ago');
  expect(formatRelative(now - 3 * HOUR, now)).toBe('3 h ago');
  expect(formatRelative(now + 10 * MIN, now)).toBe('in 10 min');
});

test('counting down ends at nought', () => {
  expect(formatCountdown(9 * MIN + 58_200)).toBe('9:59');
  expect(formatCountdown(5000)).toBe('0:05');
  expect(formatCountdown(-1)).toBe('0:00');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1550, '1.6 kB'],
  [9_960, '10 kB'],
  [999_499, '999 kB'],
  [999_600, '1.0 MB'],
  [23_400_000, '23 MB'],
  [1.5e12, '1.5 TB'],
  [5e18, '5000 PB'],
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('round trips and shares', () => {
  expect(formatMillis(0)).toBe('0 ms');
  expect(formatMillis(0.42)).toBe('0.4 ms');
  expect(formatMillis(23.4)).toBe('23 ms');
  expect(formatMillis(1234)).toBe('1.2 s');
  expect(formatShare(1)).toBe('100 %');
  expect(formatShare(0.999_999)).toBe('99.99 %');
  expect(formatShare(0.5)).toBe('50.0 %');
  expect(formatShare(0)).toBe('0.0 %');
});

test('one and many', () => {
  expect(plural(1, 'device')).toBe('1 device');
  expect(plural(0, 'device')).toBe('0 devices');
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
});
