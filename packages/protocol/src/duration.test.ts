import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMinutes } from './duration.ts';

describe('a time that people write', () => {
  it.each([
    ['90', 90],
    ['45m', 45],
    ['1h', 60],
    ['1H30M', 90],
    ['2d', 2880],
    ['1d2h3m', 1563],
  ])('%s is %d minutes', (text, minutes) => {
    expect(parseMinutes(text)).toBe(minutes);
  });

  it.each([
    '',
    '0',
    '0h',
    'h',
    '1',
    '-1h',
    '1.5h',
    '1h 30m',
    '30m1h',
    '1h1h',
    '1w',
    '1234567',
    '１h',
    '1h\n',
  ])('%j is none, unless it is a number alone', (text) => {
    expect(parseMinutes(text)).toBe(text === '1' ? 1 : undefined);
  });

  it('comes back from what it was written from, and nothing else makes it throw', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.nat(99), (d, h, m) => {
        const minutes = (d * 24 + h) * 60 + m;
        expect(parseMinutes(`${d}d${h}h${m}m`)).toBe(minutes > 0 ? minutes : undefined);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9mhd]*$/)), (text) => {
        const minutes = parseMinutes(text);
        expect(minutes === undefined || (Number.isSafeInteger(minutes) && minutes > 0)).toBe(true);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});
