export { formatBytes, formatMillis, formatShare, plural } from './quantity.ts';
export { Ago, Countdown, Since } from './ticking.tsx';
export { formatDuration, formatInstant, formatShortInstant } from './time.ts';
