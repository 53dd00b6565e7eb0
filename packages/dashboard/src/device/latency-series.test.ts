import { expect, test } from 'vitest';
import { latencySeries } from './latency-series.ts';

const sample = (at: number, rtt?: number) => ({
  at,
  bytesIn: 0,
  bytesOut: 0,
  ...(rtt === undefined ? {} : { rtt }),
});

test('samples become columns, in seconds', () => {
  expect(latencySeries([sample(60_000, 10), sample(120_000, 12)])).toEqual([
    [60, 120],
    [10, 12],
  ]);
});

test('an outage breaks the line', () => {
  const samples = [1, 2, 3, 10, 11].map((minute) => sample(minute * 60_000, minute));
  expect(latencySeries(samples)).toEqual([
    [60, 120, 180, 390, 600, 660],
    [1, 2, 3, null, 10, 11],
  ]);
});

test('a sample without a round trip counts as a hole', () => {
  const samples = [
    sample(60_000, 5),
    sample(120_000, 5),
    sample(180_000, 5),
    sample(240_000),
    sample(300_000),
    sample(360_000, 6),
  ];
  expect(latencySeries(samples)[1]).toEqual([5, 5, 5, null, 6]);
});

test('nothing, and one alone', () => {
  expect(latencySeries([])).toEqual([[], []]);
  expect(latencySeries([sample(1000, 3)])).toEqual([[1], [3]]);
});
