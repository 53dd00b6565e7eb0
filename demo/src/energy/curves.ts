/** What the meters of a small house would read at any time (Unix seconds): watts, percent, degrees Celsius. */
import { hash, smooth } from './noise.ts';

const DAY = 86_400;
const HOUR = 3600;
/** Peak of the panels in W. */
const PANELS = 3_800;

/** Bell of width `wide` hours around `at` o'clock, 1 at its top; wraps around midnight. */
function bell(hour: number, at: number, wide: number): number {
  const away = Math.min(Math.abs(hour - at), 24 - Math.abs(hour - at));
  return Math.exp(-((away / wide) ** 2));
}

/** −1 at the winter solstice, +1 at the summer one. */
function season(time: number): number {
  return -Math.cos((2 * Math.PI * (time / DAY + 10)) / 365.25);
}

function hourOf(time: number): number {
  return (((time % DAY) + DAY) % DAY) / HOUR;
}

/** Power of the panels, W ≥ 0: sun's height by hour and season, days clear or grey, passing clouds. */
export function solar(time: number): number {
  const halfDay = 6.1 + 2.2 * season(time);
  const angle = (hourOf(time) - 12.4) / halfDay;
  if (Math.abs(angle) >= 1) return 0;
  const height = Math.cos((Math.PI / 2) * angle) ** 1.4 * (0.72 + 0.28 * season(time));
  const day = smooth(time, 1.3 * DAY, 11);
  const cover = Math.min(1, Math.max(0, 1.5 * smooth(time, 1500, 12) + 0.9 * day - 0.95));
  const flicker = 1 - 0.5 * cover * smooth(time, 90, 13);
  return PANELS * height * (0.16 + 0.84 * (1 - cover)) * flicker;
}

/** What the house uses, W: a base, a fridge, meals, evenings, kettles, now and then a wash. */
export function use(time: number): number {
  const hour = hourOf(time);
  const day = Math.floor(time / DAY);
  let watts = 165 + 45 * smooth(time, 1800, 21) + 12 * smooth(time, 20, 22);
  if ((time / 2700 + hash(Math.floor(time / 2700), 23) * 0.15) % 1 < 0.38) watts += 95;
  watts += 420 * bell(hour, 7.4, 0.9) * (0.6 + 0.4 * smooth(time, 600, 24));
  watts += 1150 * bell(hour, 18.6, 1.1) * smooth(time, 420, 25);
  watts += 380 * bell(hour, 20.8, 2.1) * (0.7 + 0.3 * smooth(time, 900, 26));
  watts += kettle(time, hour) + wash(time, hash(day, 27));
  return watts;
}

/** Three minutes of 2.4 kW in some of the quarter hours in which people are up. */
function kettle(time: number, hour: number): number {
  const slot = Math.floor(time / 900);
  const likely = 0.03 + 0.5 * bell(hour, 7.2, 0.7) + 0.12 * bell(hour, 15.5, 2.5);
  const start = hash(slot, 32) * 700;
  const into = time - slot * 900 - start;
  return hash(slot, 31) < likely && hour > 6 && hour < 23 && into > 0 && into < 170 ? 2400 : 0;
}

/** On four days in ten: heats for 20 minutes, then turns for an hour. */
function wash(time: number, dice: number): number {
  if (dice > 0.4) return 0;
  const into = (time % DAY) - (9 + dice * 10) * HOUR;
  if (into < 0 || into > 80 * 60) return 0;
  return into < 20 * 60 ? 1950 : 180 + 260 * smooth(time, 45, 33);
}

/** Air outside, °C. */
export function outside(time: number): number {
  const daily = -Math.cos((2 * Math.PI * (hourOf(time) - 3)) / 24);
  const weather = 8 * (smooth(time, 2.5 * DAY, 41) - 0.5);
  return 10.2 + 7 * season(time - 25 * DAY) + (3.1 + 1.2 * season(time)) * daily + weather;
}

/** The living room, °C: follows the outside a little, heated in the mornings and evenings of cold days. */
export function inside(time: number): number {
  const hour = hourOf(time);
  const cold = Math.max(0, 16 - outside(time)) / 16;
  const heated = Math.max(bell(hour, 8.2, 2.2), bell(hour, 20, 3.2));
  return 18.3 + 0.16 * (outside(time) - 10) + 2.3 * cold * heated + 0.25 * smooth(time, 1200, 42);
}
