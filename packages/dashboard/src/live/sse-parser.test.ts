import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseParser } from './sse-parser.ts';

function parse(pieces: readonly string[]): string[] {
  const out: string[] = [];
  const push = createSseParser((data) => out.push(data));
  for (const piece of pieces) push(piece);
  return out;
}

test('events, comments, names and several data lines', () => {
  expect(parse([': hello\n\nevent: device\nid: 4\ndata: {"a":1}\n\ndata:one\ndata: two\n\n'])).toEqual([
    '{"a":1}',
    'one\ntwo',
  ]);
});

test('all three line ends, and a pair cut in the middle', () => {
  expect(parse(['data: a\r\n\r\ndata: b\r\rdata: c\n\n'])).toEqual(['a', 'b', 'c']);
  expect(parse(['data: a\r', '\ndata: b\r\n\r', '\n'])).toEqual(['a\nb']);
});

test('an event that never ends is refused', () => {
  const push = createSseParser(() => undefined);
  expect(() => {
    for (let i = 0; i < 20; i++) push(`data: ${'x'.repeat(100_000)}\n`);
  }).toThrow(RangeError);
});

test('how the text is cut makes no difference', () => {
  const text = fc.string({
    unit: fc.constantFrom('d', 'a', 't', ':', ' ', '\n', '\r', 'data: x\n\n'),
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, fc.array(fc.nat(59), { maxLength: 6 }), (all, cuts) => {
      const ends = [...cuts.map((cut) => Math.min(cut, all.length)), all.length].sort((a, b) => a - b);
      const pieces = ends.map((end, i) => all.slice(ends[i - 1] ?? 0, end));
      // A final line end settles a carriage return that is waiting for its pair.
      expect(parse([...pieces, '\n\n'])).toEqual(parse([`${all}\n\n`]));
    }),
    { interruptAfterTimeLimit: 2000 },
  );
});
