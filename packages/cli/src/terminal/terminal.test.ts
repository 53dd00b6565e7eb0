import { expect, it } from 'vitest';
import { clockTime, harmless, table } from './index.ts';

it('text from outside cannot colour, move or reorder what a terminal shows', () => {
  expect(harmless('/a\u001b[2J\r\n\u202eb\u009b')).toBe('/a\\u{1b}[2J\\u{d}\\u{a}\\u{202e}b\\u{9b}');
  expect(harmless('/grün/日本?x=1')).toBe('/grün/日本?x=1');
});

it('columns are as wide as what is seen of them', () => {
  expect(
    table([
      ['NAME', 'X'],
      ['\u001b[32ma\u001b[39m', 'b'],
    ]),
  ).toBe('NAME  X\n\u001b[32ma\u001b[39m     b');
});

it('what is left, as a clock shows it', () => {
  expect([599_001, 61_000, 0, -5].map(clockTime)).toEqual(['10:00', '1:01', '0:00', '0:00']);
});
