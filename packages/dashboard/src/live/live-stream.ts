import type { LiveEvent } from '@porchlight/protocol/api';
import { createSseParser } from './sse-parser.ts';
import { initialStreamState, nextStreamState, type StreamEvent, type StreamState } from './stream-state.ts';

/** The relay sends something, if only a comment, well within this time; silence means a half-open connection. */
const SILENCE_MAX_MS = 60_000;

export interface LiveStream {
  readonly state: () => StreamState;
  /** Tells of each new state; gives what ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Connects, and stays connected until the function given back is called. */
  readonly open: () => () => void;
}

export interface LiveStreamParts {
  readonly onEvent: (event: LiveEvent) => void;
  /** Open again after a loss: events may have been missed in between. */
  readonly onReopened: () => void;
  readonly onRefused: () => void;
}

/**
 * Keeps `/api/events` open. Read with fetch and not with EventSource, which tells neither the status of a refused
 * answer nor that a connection has gone silent.
 */
export function createLiveStream({ onEvent, onReopened, onRefused }: LiveStreamParts): LiveStream {
  let state = initialStreamState;
  let lostOnce = false;
  let closed = new AbortController();
  let attempt = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  function step(event: StreamEvent): void {
    const before = state;
    if (closed.signal.aborted) return;
    state = nextStreamState(before, event);
    if (state === before) return;
    clearTimeout(timer);
    if (state.kind === 'waiting') {
      lostOnce = true;
      timer = setTimeout(step, state.delay, { type: 'due' } satisfies StreamEvent);
    } else if (state.kind === 'connecting') {
      void connect();
    } else if (state.kind === 'open' && lostOnce) {
      onReopened();
    } else if (state.kind === 'refused') {
      onRefused();
    }
    for (const listener of listeners) listener();
  }

  function watchSilence(): void {
    clearTimeout(timer);
    timer = setTimeout(() => attempt.abort(), SILENCE_MAX_MS);
  }

  async function connect(): Promise<void> {
    const over = closed.signal;
    attempt = new AbortController();
    watchSilence();
    let retryAfter = 0;
    try {
      const response = await fetch('/api/events', {
        headers: { accept: 'text/event-stream' },
        cache: 'no-store',
        signal: AbortSignal.any([attempt.signal, over]),
      });
      if (response.status === 401) return step({ type: 'refused' });
      retryAfter = Number(response.headers.get('retry-after') ?? 0) * 1000 || 0;
      if (response.ok && response.body) {
        step({ type: 'opened' });
        await read(response.body);
      }
    } catch {
      // A broken connection is what the state "waiting" is there for.
    }
    if (!over.aborted) step({ type: 'lost', random: Math.random(), retryAfter });
  }

  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
    const push = createSseParser((data) => onEvent(JSON.parse(data) as LiveEvent));
    const reader = body.getReader();
    const text = new TextDecoder();
    for (;;) {
      watchSilence();
      const { done, value } = await reader.read();
      if (done) return;
      push(text.decode(value, { stream: true }));
    }
  }

  function hurry(): void {
    if (document.visibilityState === 'visible') step({ type: 'due' });
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    open() {
      closed = new AbortController();
      state = initialStreamState;
      addEventListener('online', hurry, { signal: closed.signal });
      document.addEventListener('visibilitychange', hurry, { signal: closed.signal });
      void connect();
      return () => {
        closed.abort();
        clearTimeout(timer);
      };
    },
  };
}
