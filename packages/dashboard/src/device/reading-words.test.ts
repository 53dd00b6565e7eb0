import { expect, test } from 'vitest';
import { inOrder, shownValue, wordsOf } from './reading-words.ts';

test.each([
  ['uptime', '93600', '1 d 2 h'],
  ['load', '0.5', '0.50'],
  ['load', '0.50 0.41 0.30', '0.50 0.41 0.30'],
  ['memory_free', '23400000', '23 MB'],
  ['disk_free', '', ''],
  ['firmware', '23.05', '23.05'],
  ['wifi_percent', '71', '71 %'],
  ['swap_bytes', '1550', '1.6 kB'],
  ['temperature', '21.50', '21.50'],
  ['constructor', 'x', 'x'],
])('%s=%s', (name, value, shown) => {
  expect(shownValue(name, value)).toBe(shown);
});

test('names without words of their own are called as they are', () => {
  expect(wordsOf('uptime').label).toBe('Running for');
  expect(wordsOf('door_open').label).toBe('door_open');
});

test('what devices commonly tell comes first', () => {
  const names = ['zinc', 'disk_free', 'air', 'uptime'].map((name) => ({ name }));
  expect(inOrder(names).map(({ name }) => name)).toEqual(['uptime', 'disk_free', 'air', 'zinc']);
});
