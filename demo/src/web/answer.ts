import type { IncomingMessage, ServerResponse } from 'node:http';

/** Longest request body that the demo's programs read, in bytes. */
const BODY_MAX = 64 * 1024;
/** A reader of events that has so many bytes outstanding misses some. */
const BEHIND_MAX = 256 * 1024;

/** Answers with JSON. Devices of this kind say 200 even for errors, so that is the default. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** The whole body as text; undefined when it is too long, and then the connection ends after the answer. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_MAX) {
      response.setHeader('connection', 'close');
      return undefined;
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Starts a stream of server-sent events; gives what sends one event, false when the reader is behind. */
export function startEvents(response: ServerResponse): (data: unknown) => boolean {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 1000\n\n');
  return (data) =>
    response.writableLength < BEHIND_MAX && response.write(`data: ${JSON.stringify(data)}\n\n`);
}
