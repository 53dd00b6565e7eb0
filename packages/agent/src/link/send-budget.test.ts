import { describe, expect, it } from 'vitest';
import { SendBudget } from './send-budget.ts';

/** Sends and marks as long as there is room, and has every mark answered after `roundTrip` of its own. */
function rounds(budget: SendBudget, clock: { now: number }, count: number, roundTrip: () => number): void {
  for (let round = 0; round < count; round += 1) {
    budget.spend(Math.max(1, budget.room));
    budget.want();
    budget.marked();
    clock.now += roundTrip();
    budget.answered();
  }
}

describe('the send budget', () => {
  it('doubles each round trip while the line is empty, up to its bound', () => {
    const clock = { now: 0 };
    const budget = new SendBudget(() => clock.now);
    const first = budget.budget;
    rounds(budget, clock, 1, () => 40);
    expect(budget.budget).toBe(2 * first);
    rounds(budget, clock, 20, () => 40);
    expect(budget.budget).toBe(8 * 1024 * 1024);
  });

  it('does not grow while nobody wants more', () => {
    const clock = { now: 0 };
    const budget = new SendBudget(() => clock.now);
    const first = budget.budget;
    for (let round = 0; round < 10; round += 1) {
      budget.spend(100);
      budget.marked();
      clock.now += 10;
      budget.answered();
    }
    expect(budget.budget).toBe(first);
  });

  it('shrinks while answers wait, but never below a few packets', () => {
    const clock = { now: 0 };
    const budget = new SendBudget(() => clock.now);
    budget.observe(10);
    rounds(budget, clock, 1, () => 500);
    expect(budget.budget).toBe(16 * 1024);
    rounds(budget, clock, 50, () => 500);
    expect(budget.budget).toBe(4 * 1024);
  });

  it('drains the line now and then, so that a queue of its own is not taken for the line', () => {
    const clock = { now: 0 };
    const budget = new SendBudget(() => clock.now);
    rounds(budget, clock, 100, () => 20);
    const full = budget.budget;
    clock.now += 60_000;
    // Behind the answer that begins the draining, bytes are on their way still.
    budget.spend(budget.room);
    budget.marked();
    budget.spend(full);
    clock.now += 20;
    budget.answered();
    expect(budget.budget).toBe(full / 4);
    rounds(budget, clock, 5, () => 20);
    expect(budget.budget).toBe(full);
  });

  it('asks for a mark after a share of the budget, and when somebody waits and none is on its way', () => {
    const budget = new SendBudget(() => 0);
    expect(budget.markDue).toBe(false);
    budget.spend(budget.budget / 4);
    expect(budget.markDue).toBe(true);
    budget.marked();
    expect(budget.markDue).toBe(false);
    expect(budget.want()).toBe(false);
    budget.answered();
    expect(budget.want()).toBe(true);
    expect(budget.confirmed).toBe(budget.sent);
  });

  it('takes an answer that was not asked for as nothing', () => {
    const budget = new SendBudget(() => 0);
    budget.answered();
    expect(budget.confirmed).toBe(0);
  });
});
