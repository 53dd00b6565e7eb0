import { charge, power } from './battery.ts';
import { inside, outside, solar, use } from './curves.ts';

/** A PHPFINA feed: one value every `interval` seconds since `start`. */
export interface Feed {
  readonly id: number;
  readonly name: string;
  readonly tag: string;
  readonly unit: string;
  /** Seconds between points. */
  readonly interval: number;
  readonly decimals: number;
  readonly read: (time: number) => number;
}

/** When the demo house got its monitor: 2024-01-01 UTC, in Unix seconds. */
export const START = Date.UTC(2024, 0, 1) / 1000;

const grid = (time: number): number => use(time) - solar(time) - power(time);

const LIST: readonly Omit<Feed, 'id'>[] = [
  { name: 'use', tag: 'Power', unit: 'W', interval: 10, decimals: 0, read: use },
  { name: 'solar', tag: 'Power', unit: 'W', interval: 10, decimals: 0, read: solar },
  { name: 'import', tag: 'Power', unit: 'W', interval: 10, decimals: 0, read: grid },
  { name: 'battery_power', tag: 'Power', unit: 'W', interval: 10, decimals: 0, read: power },
  { name: 'battery_soc', tag: 'Battery', unit: '%', interval: 60, decimals: 1, read: charge },
  { name: 'living_room', tag: 'Temperature', unit: '°C', interval: 60, decimals: 2, read: inside },
  { name: 'outside', tag: 'Temperature', unit: '°C', interval: 60, decimals: 2, read: outside },
];

export const FEEDS: ReadonlyMap<number, Feed> = new Map(
  LIST.map((feed, at) => [at + 1, { id: at + 1, ...feed }]),
);

/** The point of a feed at or before `time` (Unix seconds). */
export function pointAt(feed: Feed, time: number): { time: number; value: number } {
  const at = START + Math.floor((time - START) / feed.interval) * feed.interval;
  return { time: at, value: Number(feed.read(at).toFixed(feed.decimals)) };
}

/** How many points a feed has by now. */
export function pointCount(feed: Feed, now: number): number {
  return Math.max(0, Math.floor((now - START) / feed.interval) + 1);
}
