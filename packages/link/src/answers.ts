import type { ServerResponse } from 'node:http';

/** RFC 9113 §7. */
const H2_INTERNAL_ERROR = 2;

interface Stream {
  readonly destroyed: boolean;
  readonly aborted: boolean;
  readonly rstCode: number;
  close(code: number): void;
}

/** The HTTP/2 stream below an answer of Node's compatibility API; undefined for HTTP/1.1. */
function streamOf(res: ServerResponse): Stream | undefined {
  const stream: unknown = Reflect.get(res, 'stream');
  if (typeof stream !== 'object' || stream === null || !('close' in stream)) return undefined;
  return stream as Stream;
}

/**
 * Ends an answer in a way that nobody takes for its regular end: HTTP/1.1 loses its connection, an HTTP/2 stream is
 * reset with an error (node's own `destroy` resets it with NO_ERROR, which looks like an end).
 */
export function cutAnswer(res: ServerResponse): void {
  const stream = streamOf(res);
  if (stream === undefined) res.destroy();
  else if (!stream.destroyed) stream.close(H2_INTERNAL_ERROR);
}

/** Once it has closed: true when all of it went out. A reset HTTP/2 stream calls itself finished. */
export function isFullySent(res: ServerResponse): boolean {
  const stream = streamOf(res);
  if (stream === undefined) return res.writableFinished;
  return res.writableEnded && !stream.aborted && stream.rstCode === 0;
}

/** True when nobody waits for the answer any more. */
export function isGone(res: ServerResponse): boolean {
  return res.destroyed || streamOf(res)?.destroyed === true;
}
