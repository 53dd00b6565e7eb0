/** The house's battery: takes what the panels give too much, gives it back when the house needs it. */
import { solar, use } from './curves.ts';

const DAY = 86_400;
const STEP = 900;
const STEPS = DAY / STEP;
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
  /** Power during each step, in W: positive when the battery gives. */
  power: Float32Array;
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

/** W: positive when it feeds the house, negative when it charges. */
export function power(time: number): number {
  return dayOf(time).power[Math.floor((((time % DAY) + DAY) % DAY) / STEP)] ?? 0;
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
  const day: Day = { charge: new Float32Array(STEPS + 1), power: new Float32Array(STEPS) };
  let level = start;
  for (let step = 0; step < STEPS; step++) {
    day.charge[step] = level;
    const middle = number * DAY + (step + 0.5) * STEP;
    const wish = Math.max(-POWER, Math.min(POWER, use(middle) - solar(middle)));
    const hours = STEP / 3600;
    const most = wish > 0 ? (level / hours) * EFFICIENCY : (CAPACITY - level) / hours / EFFICIENCY;
    const given = Math.sign(wish) * Math.min(Math.abs(wish), most);
    day.power[step] = given;
    level -= given > 0 ? (given * hours) / EFFICIENCY : given * hours * EFFICIENCY;
    level = Math.max(0, Math.min(CAPACITY, level));
  }
  day.charge[STEPS] = level;
  return day;
}
