import { PorchlightError } from '@porchlight/protocol';
import type { LiveEvent } from '@porchlight/protocol/api';
import type { ApiCaller } from './caller.ts';
import { EventParser } from './event-stream.ts';

/** First wait before the stream is opened again, and the longest; each is as long again as the one before. */
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MAX_MS = 30_000;
/** The relay beats every 15 s: a stream that has been silent for longer than three of them is dead. */
const SILENCE_MAX_MS = 50_000;

/** `open`: events are coming, from now on; whatever was known before has to be read anew. */
export type WatchEvent = LiveEvent | { readonly type: 'open' };

/**
 * Live events until the caller leaves the loop or aborts. A stream that ends is opened again; what only a person
 * can mend (no token, a scope that is missing) is thrown.
 */
export async function* watch(
  caller: ApiCaller,
  signal?: AbortSignal,
): AsyncGenerator<WatchEvent, void, undefined> {
  const left = () => signal?.aborted ?? false;
  let wait = AGAIN_FIRST_MS;
  while (!left()) {
    try {
      for await (const event of oneStream(caller, signal)) {
        wait = AGAIN_FIRST_MS;
        yield event;
      }
    } catch (error) {
      if (left()) return;
      if (error instanceof PorchlightError && !error.retry) throw error;
    }
    // Between a half and the whole of it, so that many programs do not come back together.
    await pause(wait * (0.5 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, AGAIN_MAX_MS);
  }
}

async function* oneStream(
  caller: ApiCaller,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent, void, undefined> {
  const silence = new AbortController();
  const ends = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const expire = () => silence.abort(new PorchlightError('relay_unreachable', 'The relay has gone silent'));
  let timer = setTimeout(expire, SILENCE_MAX_MS);
  try {
    const response = await caller.open('GET', '/api/events', { signal: ends });
    if (response.body === null) throw new PorchlightError('bad_answer', 'The relay sent no events');
    yield { type: 'open' };
    const parser = new EventParser();
    for await (const text of texts(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(expire, SILENCE_MAX_MS);
      for (const data of parser.push(text)) yield JSON.parse(data) as LiveEvent;
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** A body as text. Safari has no iteration over streams, so it is read by hand. */
async function* texts(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.releaseLock();
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
    if (signal?.aborted === true) finish();
  });
}
