import { formatBytes, formatDuration } from '../format/index.ts';

interface Words {
  readonly label: string;
  readonly format: (value: number) => string;
}

const exact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const formatPlain = (value: number) => exact.format(value);
const formatSeconds = (value: number) => formatDuration(value * 1000);

/** What devices commonly tell, in the order in which it is shown. */
const KNOWN: ReadonlyMap<string, Words> = new Map([
  ['uptime', { label: 'Running for', format: formatSeconds }],
  ['load', { label: 'Load', format: (value: number) => value.toFixed(2) }],
  ['memory_free', { label: 'Free memory', format: formatBytes }],
  ['disk_free', { label: 'Free disk', format: formatBytes }],
  ['firmware', { label: 'Firmware', format: formatPlain }],
]);
/** Ends of other names that say what the number is. */
const ENDS: readonly (readonly [string, Words['format']])[] = [
  ['_bytes', formatBytes],
  ['_seconds', formatSeconds],
  ['_percent', (value) => `${formatPlain(value)} %`],
];

/** How to call a reading, and how to write its numbers. */
export function wordsOf(name: string): Words {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  return { label: name, format: ENDS.find(([end]) => name.endsWith(end))?.[1] ?? formatPlain };
}

/** A value as it is shown: a number of a name with a unit with that unit, everything else as the device wrote it. */
export function shownValue(name: string, value: string): string {
  const { format } = wordsOf(name);
  const number = Number(value);
  return format === formatPlain || value === '' || !Number.isFinite(number) ? value : format(number);
}

/** Well-known names first, then by name. */
export function inOrder<T extends { readonly name: string }>(readings: readonly T[]): T[] {
  const first = [...KNOWN.keys()];
  const place = ({ name }: T) => (KNOWN.has(name) ? first.indexOf(name) : first.length);
  return [...readings].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}
