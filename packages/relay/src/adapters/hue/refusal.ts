import type { ServerResponse } from 'node:http';

/** An error of the token endpoint (RFC 6749 §5.2). */
export class OAuthRefusal extends Error {
  readonly status: number;
  readonly error: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: string, description: string, headers: Record<string, string> = {}) {
    super(description);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }

  get body(): Readonly<Record<string, string>> {
    return { error: this.error, error_description: this.message };
  }
}

/** Answers with JSON that nobody keeps. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

/** What a bridge says when something is wrong: HTTP 200 and a list. */
export function hueError(type: number, address: string, description: string): unknown {
  return [{ error: { type, address, description } }];
}
