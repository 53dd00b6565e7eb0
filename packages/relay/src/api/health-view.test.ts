import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LinkEvent } from '../devices/index.ts';
import { type HealthFacts, healthView } from './health-view.ts';

const event = (at: number, state: 'up' | 'down'): LinkEvent => ({ deviceId: 'd', at, state });

function view(facts: Partial<HealthFacts>) {
  return healthView({
    from: 0,
    to: 100,
    createdAt: 0,
    runs: [{ from: -1_000, to: 100 }],
    events: [],
    samples: [],
    link: { up: false },
    bucketMs: 10,
    ...facts,
  });
}

/** `0 down 40 up 100` for the periods. */
function drawn(facts: Partial<HealthFacts>): string {
  const { periods } = view(facts);
  return `${periods.map(({ from, state }) => `${from} ${state} `).join('')}${periods.at(-1)?.to}`;
}

test('up and down, as the events say', () => {
  const events = [event(-50, 'up'), event(20, 'down'), event(50, 'up')];
  const facts = { events, link: { up: true, since: 50 } };
  expect(drawn(facts)).toBe('0 up 20 down 50 up 100');
  expect(view(facts).uptime).toBeCloseTo(0.7);
});

test('a device that never came is down; one that joined lately is judged since then', () => {
  expect(drawn({})).toBe('0 down 100');
  expect(view({}).uptime).toBe(0);
  const facts = { createdAt: 80, events: [event(80, 'up')], link: { up: true, since: 80 } };
  expect(drawn(facts)).toBe('80 up 100');
  expect(view(facts)).toMatchObject({ from: 80, uptime: 1 });
});

test('while the relay was not running nothing is known, and nothing counts', () => {
  const runs = [
    { from: -1_000, to: 40 },
    { from: 60, to: 100 },
  ];
  const facts = { runs, events: [event(-50, 'up'), event(80, 'up')], link: { up: true, since: 80 } };
  // After the gap the link is down until it is seen up again.
  expect(drawn(facts)).toBe('0 up 40 unknown 60 down 80 up 100');
  expect(view(facts).uptime).toBeCloseTo(60 / 80);
  expect(drawn({ runs: [] })).toBe('0 unknown 100');
  expect(view({ runs: [] }).uptime).toBe(0);
});

test('the present link counts before its event is written', () => {
  const events = [event(-20, 'down')];
  expect(drawn({ events, link: { up: true, since: 70 } })).toBe('0 down 70 up 100');
  expect(drawn({ events: [event(10, 'up')], link: { up: false, since: 90 } })).toBe('10 up 90 down 100');
});

test('before its first link a device was not away: it had not come yet', () => {
  expect(drawn({ createdAt: 20, events: [event(60, 'up')], link: { up: true, since: 60 } })).toBe(
    '60 up 100',
  );
  expect(drawn({ createdAt: 20, link: { up: true, since: 70 } })).toBe('70 up 100');
});

test('samples are joined into intervals: mean of the round trips, sum of the bytes', () => {
  const sample = (at: number, rtt: number | undefined) => ({
    deviceId: 'd',
    at,
    rtt,
    bytesIn: 1,
    bytesOut: 2,
  });
  expect(
    view({ samples: [sample(11, 10), sample(15, 30), sample(19, undefined), sample(25, undefined)] }).samples,
  ).toEqual([
    { at: 10, rtt: 20, bytesIn: 3, bytesOut: 6 },
    { at: 20, rtt: undefined, bytesIn: 1, bytesOut: 2 },
  ]);
});

test('whatever the history, the periods cover the span without gap or overlap', () => {
  const times = fc.array(fc.integer({ min: -50, max: 150 }), { maxLength: 8 });
  const history = fc.record({
    marks: fc.uniqueArray(fc.integer({ min: -50, max: 150 }), { maxLength: 8 }),
    at: times,
    up: fc.boolean(),
    since: fc.option(fc.integer({ min: -50, max: 100 }), { nil: undefined }),
    createdAt: fc.integer({ min: -50, max: 100 }),
  });
  fc.assert(
    fc.property(history, ({ marks, at, up, since, createdAt }) => {
      const ends = marks.sort((a, b) => a - b);
      const runs = [];
      for (let n = 0; n + 1 < ends.length; n += 2) runs.push({ from: ends[n]!, to: ends[n + 1]! });
      const events = at.sort((a, b) => a - b).map((one, n) => event(one, n % 2 === 0 ? 'up' : 'down'));
      const { from, to, periods, uptime } = view({ runs, events, link: { up, since }, createdAt });
      expect(uptime).toBeGreaterThanOrEqual(0);
      expect(uptime).toBeLessThanOrEqual(1);
      let reached = from;
      for (const period of periods) {
        expect(period.from).toBe(reached);
        expect(period.to).toBeGreaterThan(period.from);
        reached = period.to;
      }
      expect(reached).toBe(to);
    }),
    { numRuns: 2_000, interruptAfterTimeLimit: 2_000 },
  );
});
