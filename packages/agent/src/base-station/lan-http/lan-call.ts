import type { IncomingHttpHeaders } from 'node:http';

/** A request on the LAN, read whole: bodies here are of a few hundred bytes. */
export interface LanCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Who asks; of a proxy on this machine, whom it asks for. IPv4 without the IPv6 prefix. */
  readonly address: string;
  /** Our own address, as the one who asks reached us. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

export interface LanAnswer {
  readonly status: number;
  readonly type: 'application/json' | 'text/plain';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers the paths it knows; undefined: not one of mine. */
export type LanRoute = (call: LanCall) => Promise<LanAnswer | undefined>;

export function json(status: number, value: unknown): LanAnswer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

export function text(status: number, body: string): LanAnswer {
  return { status, type: 'text/plain', body };
}
