import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { outages, type UptimeState, uptimePieces } from './uptime-bar.ts';

const up = (from: number, to: number) => ({ from, to, state: 'up' as const });
const down = (from: number, to: number) => ({ from, to, state: 'down' as const });

test('periods become shares of the whole, outages last', () => {
  const pieces = uptimePieces({
    from: 1000,
    to: 2000,
    periods: [up(1000, 1400), down(1400, 1500), up(1500, 2000)],
  });
  expect(pieces.map(({ state, x, width }) => [state, x, width])).toEqual([
    ['up', 0, 0.4],
    ['up', 0.5, 0.5],
    ['down', 0.4, 0.1],
  ]);
  expect(outages(pieces)).toEqual({ count: 1, longest: 100 });
});

test('a short outage is wide enough to be seen, and stays inside at both ends', () => {
  const [, first] = uptimePieces({ from: 0, to: 100_000, periods: [down(0, 10), up(10, 100_000)] });
  expect(first).toMatchObject({ state: 'down', x: 0, width: 0.005, from: 0, to: 10 });
  const [, last] = uptimePieces({ from: 0, to: 100_000, periods: [up(0, 99_990), down(99_990, 100_000)] });
  expect(last).toMatchObject({ x: 0.995, width: 0.005 });
});

test('neighbours of one state are one piece; what lies outside is cut off', () => {
  const pieces = uptimePieces({ from: 100, to: 200, periods: [up(0, 120), up(120, 300), down(300, 400)] });
  expect(pieces).toEqual([{ state: 'up', from: 100, to: 200, x: 0, width: 1 }]);
  expect(outages(pieces)).toEqual({ count: 0, longest: 0 });
});

test('no time, no bar', () => {
  expect(uptimePieces({ from: 5, to: 5, periods: [up(5, 5)] })).toEqual([]);
});

test('whatever the periods, no piece leaves the bar', () => {
  const state = fc.constantFrom<UptimeState>('up', 'down', 'unknown');
  const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 1e9 }), state), {
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(lengths, (all) => {
      let at = 0;
      const periods = all.map(([length, state]) => {
        at += length;
        return { from: at - length, to: at, state };
      });
      for (const { x, width } of uptimePieces({ from: 0, to: at, periods })) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(width).toBeGreaterThan(0);
        expect(x + width).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
    { interruptAfterTimeLimit: 2000 },
  );
});
