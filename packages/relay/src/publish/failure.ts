import type { IncomingMessage, ServerResponse } from 'node:http';
import { FAILURE_HEADER, PorchlightError, problemOf } from '@porchlight/protocol';
import { corsOf } from './bearer-cors.ts';
import { failurePage } from './failure-page.ts';

/** True for a person's browser that asks for a page: everybody else gets a problem document. */
export function wantsPage(req: IncomingMessage): boolean {
  const accept = req.headers.accept;
  return (
    (req.method === 'GET' || req.method === 'HEAD') && accept !== undefined && accept.includes('text/html')
  );
}

/** Answers a visitor with an error: a page for people, a problem document (RFC 9457) for machines. */
export function sendFailure(
  req: IncomingMessage,
  res: ServerResponse,
  error: PorchlightError,
  extra: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const page = wantsPage(req);
  const body = page ? failurePage(error) : `${JSON.stringify(problemOf(error))}\n`;
  const headers: Record<string, string | number> = {
    'Content-Type': page ? 'text/html; charset=utf-8' : 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    [FAILURE_HEADER]: error.code,
    ...corsOf(req),
    ...(page
      ? { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:" }
      : {}),
    ...(error.retry ? { 'Retry-After': '10' } : {}),
    ...extra,
  };
  // What the visitor still sends is not read: the connection cannot be used again.
  if (req.httpVersionMajor === 1 && !req.complete) headers['Connection'] = 'close';
  res.writeHead(error.status, headers);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** Answers an upgrade request that fails, on its bare socket. */
export function upgradeFailure(error: PorchlightError, extra: Readonly<Record<string, string>> = {}): string {
  const body = `${JSON.stringify(problemOf(error))}\n`;
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...extra,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${error.code}\r\n${lines.join('')}\r\n${body}`;
}

/** The error inside anything thrown. */
export function asPorchlightError(error: unknown): PorchlightError {
  return error instanceof PorchlightError
    ? error
    : new PorchlightError('internal', undefined, { cause: error });
}
