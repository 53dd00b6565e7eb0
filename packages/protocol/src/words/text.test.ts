import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, printable, printableJson, span, table } from './text.ts';

describe('what goes to a terminal', () => {
  it('holds nothing that a terminal acts on, or that turns a line around', () => {
    expect(printable('a\x1b[2J\u009b31m\u202eb\r\nc\x7f\u2028')).toBe('a?[2J?31m?b??c??');
    expect(printable('Zürich 東京 ✓')).toBe('Zürich 東京 ✓');
  });

  it('as JSON is the same value, and as harmless', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = printableJson(value, 2);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
    expect(printableJson({ a: '\u0085\u{e0001}' })).toBe('{"a":"\\u0085\\udb40\\udc01"}');
  });

  it('is aligned', () => {
    expect(
      table([
        ['NAME', 'SINCE'],
        ['a\nb', '1 s'],
        ['longer', ''],
      ]),
    ).toBe('NAME    SINCE\na?b     1 s\nlonger');
  });

  it('spans and sizes are short', () => {
    expect([0, 59_999, 60_000, 7_200_000, 86_400_000 * 41].map((ms) => span(ms))).toEqual([
      ...['0 s', '59 s', '1 min', '2 h', '41 d'],
    ]);
    expect([0, 999, 1000, 1_234_567, 5e15].map((count) => bytes(count))).toEqual([
      ...['0 B', '999 B', '1.0 kB', '1.2 MB', '5000.0 TB'],
    ]);
  });
});
