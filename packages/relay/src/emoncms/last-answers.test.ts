import { expect, it } from 'vitest';
import { LastAnswers } from './last-answers.ts';

it('keeps the last answer to each question, until it is forgotten', () => {
  const kept = new LastAnswers();
  kept.put('home emoncms', 'feeds', 1, { feeds: [1] });
  kept.put('home emoncms', 'feeds', 2, { feeds: [2] });
  kept.put('barn emoncms', 'feeds', 3, { feeds: [3] });
  expect(kept.get('home emoncms', 'feeds')).toEqual({ at: 2, answer: { feeds: [2] } });
  expect(kept.get('home emoncms', 'inputs')).toBeUndefined();
  kept.forget('home emoncms');
  expect(kept.get('home emoncms', 'feeds')).toBeUndefined();
  expect(kept.get('barn emoncms', 'feeds')).toBeDefined();
  kept.forgetWhere(() => true);
  expect(kept.size).toEqual({ services: 0, characters: 0 });
});

it('is bounded by service and in all, and the oldest go first', () => {
  const kept = new LastAnswers();
  for (let n = 0; n < 100; n += 1) kept.put('many', `data ${n}`, n, {});
  expect(kept.size.characters).toBe(32 * 2);
  expect(kept.get('many', 'data 99')).toBeDefined();
  expect(kept.get('many', 'data 0')).toBeUndefined();
  const large = { text: 'x'.repeat(1_500_000) };
  for (let n = 0; n < 50; n += 1) {
    kept.put(`home ${n}`, 'feeds', n, large);
    kept.put(`home ${n}`, 'inputs', n, large);
  }
  expect(kept.size.characters).toBeLessThanOrEqual(64_000_000);
  expect(kept.get('home 49', 'inputs')).toBeDefined();
  expect(kept.get('home 49', 'feeds')).toBeUndefined();
  expect(kept.get('home 0', 'inputs')).toBeUndefined();
  kept.put('home 49', 'huge', 1, { text: 'x'.repeat(3_000_000) });
  expect(kept.get('home 49', 'huge')).toBeUndefined();
});
