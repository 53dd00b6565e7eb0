import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sparkline } from './sparkline.ts';

test('a line from the first time to the last, the lowest value below and the highest above', () => {
  expect(
    sparkline([
      [0, 1],
      [10, 3],
      [20, 2],
    ]),
  ).toBe('0.0,22.0 50.0,2.0 100.0,12.0');
  expect(
    sparkline([
      [0, 5],
      [10, 5],
    ]),
  ).toBe('0.0,12.0 100.0,12.0');
});

test('too few are no line', () => {
  expect(sparkline([])).toBeUndefined();
  expect(sparkline([[1, 2]])).toBeUndefined();
});

test('whatever the numbers are, it stays within its drawing', () => {
  const value = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 24 }), (values) => {
      for (const pair of (sparkline(values.map((one, n) => [n, one])) ?? '').split(' ')) {
        const [x = -1, y = -1] = pair.split(',').map(Number);
        expect(x >= 0 && x <= 100 && y >= 0 && y <= 24, pair).toBe(true);
      }
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
