const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in words, in its two largest units: `3 d 4 h`, `12 min`, `8 s`. */
export function formatDuration(ms: number): string {
  const length = Math.max(0, ms);
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < DAY) return pair(length, HOUR, 'h', MINUTE, 'min');
  return pair(length, DAY, 'd', HOUR, 'h');
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const first = Math.floor(ms / big);
  const second = Math.floor((ms % big) / small);
  return second === 0 ? `${first} ${bigName}` : `${first} ${bigName} ${second} ${smallName}`;
}

/** `just now`, `3 min ago`, `in 2 h 5 min`. The relay's clock may be a little ahead of ours: that is "just now". */
export function formatRelative(at: number, now: number): string {
  const past = now - at;
  if (Math.abs(past) < 5 * SECOND) return 'just now';
  return past > 0 ? `${formatDuration(past)} ago` : `in ${formatDuration(-past)}`;
}

/** `4:05`, for counting down. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

/** Date and time in the reader's own form, to the second. */
export function formatInstant(at: number): string {
  return full.format(at);
}

/** Date and time in the reader's own form, to the minute. */
export function formatShortInstant(at: number): string {
  return short.format(at);
}
