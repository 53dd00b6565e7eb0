import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the backoff', () => {
  it('stays between nothing and a ceiling that doubles from 1 s to 60 s, whatever the dice say', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 40 }), (dice) => {
        let roll = 0;
        const backoff = new Backoff(() => dice[roll++]!);
        for (const [index] of dice.entries()) {
          const wait = backoff.next();
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(Math.min(60_000, 1_000 * 2 ** index));
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('starts anew after a life of a minute, and not before', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.integer({ min: 0, max: 200_000 }), (tries, life) => {
        const backoff = new Backoff(() => 0.999_999);
        for (let time = 0; time < tries; time++) backoff.next();
        backoff.lived(life);
        const ceiling = life >= 60_000 ? 1_000 : Math.min(60_000, 1_000 * 2 ** tries);
        expect(backoff.next()).toBe(ceiling);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
