import { Ago } from '../format/index.ts';
import { type Freshness, freshnessOf } from './words.ts';

const LOOKS: Readonly<Record<Freshness, { dot: string; text: string }>> = {
  now: { dot: 'bg-good', text: 'text-good' },
  recent: { dot: 'bg-good', text: 'text-good' },
  late: { dot: 'bg-lamp', text: 'text-accent' },
  old: { dot: 'bg-bad', text: 'text-bad' },
  never: { dot: 'bg-off', text: 'text-muted' },
};

/** How old a value is, in words and colour. `now` is the time of the list, by which the colour is chosen. */
export function Age({ at, now }: { at: number | null; now: number }) {
  const freshness = freshnessOf(at, now);
  const { dot, text } = LOOKS[freshness];
  return (
    <span data-freshness={freshness} className={`inline-flex items-center gap-1.5 whitespace-nowrap ${text}`}>
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${dot}`} />
      {at === null ? 'never' : <Ago at={at} />}
    </span>
  );
}
