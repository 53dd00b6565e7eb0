import { expect, test } from 'vitest';
import { delayOf, initialStreamState, isStale, nextStreamState, type StreamState } from './stream-state.ts';

const lost = { type: 'lost', random: 0.999 } as const;

test('opens, is lost, waits, and tries again', () => {
  let state: StreamState = nextStreamState(initialStreamState, { type: 'opened' });
  expect(state).toEqual({ kind: 'open' });
  expect(isStale(state)).toBe(false);
  state = nextStreamState(state, lost);
  expect(state).toEqual({ kind: 'waiting', attempt: 0, delay: 999 });
  expect(isStale(state)).toBe(true);
  state = nextStreamState(state, { type: 'due' });
  expect(state).toEqual({ kind: 'connecting', attempt: 0 });
  expect(nextStreamState(state, { type: 'opened' })).toEqual({ kind: 'open' });
});

test('waits longer after each failure, up to half a minute', () => {
  let state: StreamState = initialStreamState;
  const delays: number[] = [];
  for (let i = 0; i < 8; i++) {
    state = nextStreamState(state, lost);
    if (state.kind === 'waiting') delays.push(state.delay);
    state = nextStreamState(state, { type: 'due' });
  }
  expect(delays).toEqual([1998, 3996, 7992, 15984, 29970, 29970, 29970, 29970]);
  expect(isStale(state)).toBe(true);
});

test('never hammers, and obeys the relay within reason', () => {
  expect(delayOf(0, 0)).toBe(300);
  const asked = nextStreamState({ kind: 'open' }, { type: 'lost', random: 0, retryAfter: 5000 });
  expect(asked).toEqual({ kind: 'waiting', attempt: 0, delay: 5000 });
  const absurd = nextStreamState({ kind: 'open' }, { type: 'lost', random: 0, retryAfter: 1e9 });
  expect(absurd).toEqual({ kind: 'waiting', attempt: 0, delay: 30_000 });
});

test('the first connecting is not stale; signed out is the end', () => {
  expect(isStale(initialStreamState)).toBe(false);
  const refused = nextStreamState({ kind: 'open' }, { type: 'refused' });
  expect(refused).toEqual({ kind: 'refused' });
  for (const event of [lost, { type: 'due' }, { type: 'opened' }] as const) {
    expect(nextStreamState(refused, event)).toBe(refused);
  }
});

test('events that come late change nothing', () => {
  const open: StreamState = { kind: 'open' };
  expect(nextStreamState(open, { type: 'due' })).toBe(open);
  const waiting: StreamState = { kind: 'waiting', attempt: 2, delay: 10 };
  expect(nextStreamState(waiting, lost)).toBe(waiting);
  expect(nextStreamState(waiting, { type: 'opened' })).toBe(waiting);
});
