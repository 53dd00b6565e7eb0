const UNITS = new Map([
  ['m', 1],
  ['h', 60],
  ['d', 24 * 60],
]);
const PART = /^([0-9]{1,6})([mhd])/;
/** Longest text that can be meant. */
const TEXT_MAX = 32;

/**
 * Reads a time that people write, as `90`, `45m`, `1h`, `1h30m` or `2d`, into whole minutes; a number alone is minutes.
 * Undefined: it is none, or nothing.
 */
export function parseMinutes(text: string): number | undefined {
  if (text.length > TEXT_MAX) return undefined;
  if (/^[0-9]{1,6}$/.test(text)) return Number(text) > 0 ? Number(text) : undefined;
  let rest = text.toLowerCase();
  let minutes = 0;
  let last = Number.POSITIVE_INFINITY;
  while (rest !== '') {
    const [part, count, unit] = PART.exec(rest) ?? [];
    const factor = UNITS.get(unit ?? '');
    // Each unit once, the greater first.
    if (part === undefined || factor === undefined || factor >= last) return undefined;
    minutes += Number(count) * factor;
    last = factor;
    rest = rest.slice(part.length);
  }
  return minutes > 0 ? minutes : undefined;
}
