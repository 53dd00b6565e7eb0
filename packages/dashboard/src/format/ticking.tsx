import { useSyncExternalStore } from 'react';
import { formatCountdown, formatDuration, formatInstant, formatRelative } from './time.ts';

/** Minutes and seconds say nothing to people beyond that. */
const COUNTDOWN_MAX_MS = 3600_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all times on the page; it runs only while some are shown. */
function subscribeTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** A text made from the present time; the component is drawn again only when the text changes. */
function useTickingText(text: (now: number) => string): string {
  return useSyncExternalStore(subscribeTick, () => text(Date.now()));
}

interface At {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** "3 min ago", ticking, with the full time on hover. */
export function Ago({ at }: At) {
  const text = useTickingText((now) => formatRelative(at, now));
  return (
    <time dateTime={new Date(at).toISOString()} title={formatInstant(at)}>
      {text}
    </time>
  );
}

/** How long ago, without "ago": "3 min", ticking. */
export function Since({ at }: At) {
  const text = useTickingText((now) => formatDuration(now - at));
  return (
    <time dateTime={new Date(at).toISOString()} title={`since ${formatInstant(at)}`}>
      {text}
    </time>
  );
}

/** "4:05" until then, ticking; "2 h 10 min" while it is far off. */
export function Countdown({ at }: At) {
  const text = useTickingText((now) => {
    const left = at - now;
    return left > COUNTDOWN_MAX_MS ? formatDuration(left) : formatCountdown(left);
  });
  return <time className="tabular-nums">{text}</time>;
}
