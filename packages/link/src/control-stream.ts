import type { Duplex } from 'node:stream';
import { CONTROL_LINE_MAX } from '@porchlight/protocol';
import type { z } from 'zod';

/** The control channel: typed messages, one JSON line each, in both directions. */
export interface ControlStream<Out> {
  send(message: Out): void;
  /** Sends EOF after what was sent. Idempotent. */
  end(): void;
}

/**
 * Splits a byte stream into lines and parses each by `schema`. A line that is too long, no JSON, or of no known
 * message is told through `broken`, once; the stream's end or failure through `end`, once. Nothing more is delivered
 * after either, also when a handler has called `end()` of the stream that is returned. `lineMax`: longest line, in bytes.
 */
export function openControlStream<In, Out>(
  stream: Duplex,
  schema: z.ZodType<In>,
  handlers: { message(message: In): void; broken(why: string): void; end(): void },
  lineMax = CONTROL_LINE_MAX,
): ControlStream<Out> {
  let pending = '';
  let over = false;
  const finish = (tell: () => void): void => {
    if (over) return;
    over = true;
    pending = '';
    tell();
  };
  const breakOff = (why: string): void => finish(() => handlers.broken(why));
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    if (over) return;
    pending += text;
    for (;;) {
      const at = pending.indexOf('\n');
      if (at > lineMax || (at < 0 && pending.length > lineMax)) {
        return breakOff(`a control line is longer than ${lineMax} bytes`);
      }
      if (at < 0) return;
      const message = parseLine(pending.slice(0, at), schema);
      pending = pending.slice(at + 1);
      if (message === undefined) return breakOff('a control line is not a known message');
      handlers.message(message);
      if (over) return;
    }
  });
  stream.on('end', () => finish(() => handlers.end()));
  stream.on('error', () => finish(() => handlers.end()));
  return {
    send(message) {
      if (stream.writable) stream.write(`${JSON.stringify(message)}\n`);
    },
    end() {
      stream.end();
    },
  };
}

function parseLine<T>(line: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Not JSON: the caller says so to the peer.
    return undefined;
  }
}
