import { expect, test } from 'vitest';
import { timeSeries } from './time-series.ts';

const point = (at: number, value?: number) => ({ at, value });

test('points become columns, in seconds', () => {
  expect(timeSeries([point(60_000, 10), point(120_000, 12)])).toEqual([
    [60, 120],
    [10, 12],
  ]);
});

test('an outage breaks the line', () => {
  const points = [1, 2, 3, 10, 11].map((minute) => point(minute * 60_000, minute));
  expect(timeSeries(points)).toEqual([
    [60, 120, 180, 390, 600, 660],
    [1, 2, 3, null, 10, 11],
  ]);
});

test('a point without a value counts as a hole', () => {
  const points = [
    point(60_000, 5),
    point(120_000, 5),
    point(180_000, 5),
    point(240_000),
    point(300_000),
    point(360_000, 6),
  ];
  expect(timeSeries(points)[1]).toEqual([5, 5, 5, null, 6]);
});

test('nothing, and one alone', () => {
  expect(timeSeries([])).toEqual([[], []]);
  expect(timeSeries([point(1000, 3)])).toEqual([[1], [3]]);
});
