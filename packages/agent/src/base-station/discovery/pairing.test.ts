import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { Pairing } from './pairing.ts';

function open() {
  const clock = new FakeClock();
  const told: number[] = [];
  const start = clock.now();
  let changes = 0;
  const pairing = new Pairing({
    clock,
    tell: () => told.push(clock.now() - start),
    onChange: () => {
      changes += 1;
    },
  });
  return { clock, told, pairing, changes: () => changes };
}

it('tells nobody anything by itself', async () => {
  const { clock, told, pairing } = open();
  await clock.advance(3_600_000);
  expect(told).toEqual([]);
  expect(clock.waiting).toBe(0);
  expect(pairing.state).toEqual({ on: false, until: undefined, telling: false });
});

it('is on for ten minutes unless said otherwise, then off by itself', async () => {
  const { clock, told, pairing, changes } = open();
  pairing.on();
  expect(pairing.state).toEqual({ on: true, until: clock.now() + 600_000, telling: true });
  await clock.advance(599_999);
  expect(pairing.state.on).toBe(true);
  expect(told).toHaveLength(120);
  await clock.advance(1);
  expect(pairing.state).toEqual({ on: false, until: undefined, telling: false });
  await clock.advance(60_000);
  expect(told).toHaveLength(120);
  expect(changes()).toBe(2);
  expect(clock.waiting).toBe(0);
});

it('each look tells, at most once in two seconds, and lasts fifteen', async () => {
  const { clock, told, pairing } = open();
  for (let n = 0; n < 5; n += 1) {
    pairing.look();
    await clock.advance(500);
  }
  expect(told).toEqual([0, 2_000]);
  await clock.advance(60_000);
  expect(told).toEqual([0, 2_000, 4_000, 9_000, 14_000]);
  expect(pairing.state.telling).toBe(false);
  expect(clock.waiting).toBe(0);
});

it('can be switched off at once', async () => {
  const { clock, told, pairing } = open();
  pairing.on(1_000_000);
  expect(pairing.state.until).toBe(clock.now() + 240 * 60_000);
  pairing.off();
  await clock.advance(60_000);
  expect(told).toEqual([0]);
  expect(pairing.state.on).toBe(false);
});
