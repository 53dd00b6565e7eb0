/** The house's battery: takes what the panels give too much, gives it back when the house needs it. */
import { solar, use } from './curves.ts';

const DAY = 86_400;
const STEP = 900;
const STEPS = DAY / STEP;
/** Moments looked at in each step. */
const SAMPLES = 3;
/** Usable energy, in Wh, and the most it takes or gives, in W. */
const CAPACITY = 5_200;
const POWER = 2_000;
const EFFICIENCY = 0.94;
/**
 * Days that are worked through before the one asked for. The battery gets full or empty almost daily, so what
 * it held before that does not matter.
 */
const LEAD_IN = 3;
const CACHED_DAYS = 800;

interface Day {
  /** Charge at the beginning of each step and at the end of the day, in Wh. */
  charge: Float32Array;
  /** How much of what the house lacks the battery can give during each step, 0 to 1. */
  gives: Float32Array;
  /** How much of what the panels give too much it can take, 0 to 1. */
  takes: Float32Array;
}

const days = new Map<number, Day>();

/** State of charge in percent. */
export function charge(time: number): number {
  const { charge } = dayOf(time);
  const at = (((time % DAY) + DAY) % DAY) / STEP;
  const step = Math.floor(at);
  const from = charge[step] ?? 0;
  const to = charge[step + 1] ?? from;
  return (100 * (from + (to - from) * (at - step))) / CAPACITY;
}

/** W: positive when it feeds the house, negative when it charges. Follows every kettle, as far as it can. */
export function power(time: number): number {
  const day = dayOf(time);
  const step = Math.floor((((time % DAY) + DAY) % DAY) / STEP);
  const asked = wish(time);
  return asked * ((asked > 0 ? day.gives[step] : day.takes[step]) ?? 0);
}

/** What the battery would do were it never full nor empty, in W. */
function wish(time: number): number {
  return Math.max(-POWER, Math.min(POWER, use(time) - solar(time)));
}

function dayOf(time: number): Day {
  const number = Math.floor(time / DAY);
  const known = days.get(number);
  if (known !== undefined) return known;
  let level = CAPACITY * 0.3;
  let day = simulate(number - LEAD_IN, level);
  for (let next = number - LEAD_IN + 1; next <= number; next++) {
    level = day.charge[STEPS] ?? level;
    day = simulate(next, level);
  }
  if (days.size >= CACHED_DAYS) days.delete(days.keys().next().value ?? number);
  days.set(number, day);
  return day;
}

function simulate(number: number, start: number): Day {
  const charge = new Float32Array(STEPS + 1);
  const gives = new Float32Array(STEPS);
  const takes = new Float32Array(STEPS);
  const hours = STEP / 3600;
  let level = start;
  for (let step = 0; step < STEPS; step++) {
    charge[step] = level;
    const asked = average(number * DAY + step * STEP);
    const canGive = (level / hours) * EFFICIENCY;
    const canTake = (CAPACITY - level) / hours / EFFICIENCY;
    gives[step] = Math.min(1, canGive / Math.max(asked, POWER / 10));
    takes[step] = Math.min(1, canTake / Math.max(-asked, POWER / 10));
    const given = asked > 0 ? Math.min(asked, canGive) / EFFICIENCY : -Math.min(-asked, canTake) * EFFICIENCY;
    level = Math.max(0, Math.min(CAPACITY, level - given * hours));
  }
  charge[STEPS] = level;
  return { charge, gives, takes };
}

/** Mean of the wish over the step that begins at `time`. */
function average(time: number): number {
  let sum = 0;
  for (let part = 0; part < SAMPLES; part++) sum += wish(time + ((part + 0.5) * STEP) / SAMPLES);
  return sum / SAMPLES;
}
