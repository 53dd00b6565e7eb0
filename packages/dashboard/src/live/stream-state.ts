/**
 * The life of the live event stream, as data:
 *
 *     connecting ──opened──▶ open ──lost──▶ waiting ──due──▶ connecting
 *         └──────────lost──────────────────▶
 *     any ──refused──▶ refused (signed out: nothing to wait for)
 */
export type StreamState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'open' }
  /** Lost; the next attempt is due `delay` ms after entering this state. */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly delay: number }
  | { readonly kind: 'refused' };

export type StreamEvent =
  | { readonly type: 'opened' }
  /** `random` in [0, 1) spreads the returns of many consoles; `retryAfter` in ms is the relay's wish. */
  | { readonly type: 'lost'; readonly random: number; readonly retryAfter?: number }
  /** The wait is over, or the person came back to the page, or the machine got its network back. */
  | { readonly type: 'due' }
  | { readonly type: 'refused' };

const DELAY_BASE_MS = 1000;
/** A person is looking: half a minute is the longest wait. */
const DELAY_MAX_MS = 30_000;
const DELAY_MIN_MS = 300;

/** Full jitter: anything up to the doubled base, within the bounds. */
export function delayOf(attempt: number, random: number): number {
  const ceiling = Math.min(DELAY_MAX_MS, DELAY_BASE_MS * 2 ** Math.min(attempt, 10));
  return Math.max(DELAY_MIN_MS, Math.round(random * ceiling));
}

export const initialStreamState: StreamState = { kind: 'connecting', attempt: 0 };

/** Events that do not belong to a state leave it as it is. */
export function nextStreamState(state: StreamState, event: StreamEvent): StreamState {
  switch (event.type) {
    case 'opened':
      return state.kind === 'connecting' ? { kind: 'open' } : state;
    case 'lost': {
      if (state.kind !== 'open' && state.kind !== 'connecting') return state;
      const attempt = state.kind === 'connecting' ? state.attempt + 1 : 0;
      const delay = Math.max(delayOf(attempt, event.random), Math.min(event.retryAfter ?? 0, DELAY_MAX_MS));
      return { kind: 'waiting', attempt, delay };
    }
    case 'due':
      return state.kind === 'waiting' ? { kind: 'connecting', attempt: state.attempt } : state;
    default:
      return { kind: 'refused' };
  }
}

/** True when what the page shows may be out of date. The very first connecting does not count. */
export function isStale(state: StreamState): boolean {
  return (
    state.kind === 'waiting' || (state.kind === 'connecting' && state.attempt > 0) || state.kind === 'refused'
  );
}
