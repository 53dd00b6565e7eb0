import type { Forward, ForwardOptions } from '@porchlight/protocol/api';

const LENGTHS = [
  { minutes: 10, label: '10 minutes' },
  { minutes: 60, label: '1 hour' },
  { minutes: 240, label: '4 hours' },
  { minutes: 1440, label: '1 day' },
  { minutes: 7 * 1440, label: '1 week' },
] as const;

/** `ssh`, or `port 22`. */
export function targetOf({ service, devicePort }: Pick<Forward, 'service' | 'devicePort'>): string {
  return service ?? `port ${devicePort ?? '?'}`;
}

/** How long people may choose, with the longest that the relay allows. */
export function lengthsFor({ maxMinutes }: Pick<ForwardOptions, 'maxMinutes'>): {
  minutes: number;
  label: string;
}[] {
  const fitting = LENGTHS.filter(({ minutes }) => minutes <= maxMinutes);
  if (fitting.length === LENGTHS.length || fitting.at(-1)?.minutes === maxMinutes) return [...fitting];
  const longest = maxMinutes % 60 === 0 ? `${maxMinutes / 60} hours` : `${maxMinutes} minutes`;
  return [...fitting, { minutes: maxMinutes, label: longest }];
}

/** Addresses and blocks that a person has typed, with commas or spaces between. */
export function parseBlocks(text: string): string[] {
  return text.split(/[\s,]+/).filter((block) => block !== '');
}

/** What an address to listen on means to people. */
export function bindLabel(bind: string): string {
  if (bind === '*') return 'every address of the relay';
  return bind === '127.0.0.1' || bind === '::1' ? `${bind} (the relay only)` : bind;
}
