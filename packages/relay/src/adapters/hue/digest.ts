import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../clock.ts';

/** An `Authorization: Digest` header (RFC 7616 §3.4) without `qop`, as these clients send it. */
export interface DigestCredential {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** 32 hexadecimal digits, lower case. */
  readonly response: string;
}

const HEADER_MAX = 4_096;
/** name=token or name="text"; each piece is bounded by the header's length. */
const PIECE = /^([A-Za-z]+)\s*=\s*(?:"([^"\\]*)"|([^\s",]*))\s*(?:,\s*|$)/;

/** Undefined when it is none, or has a part twice or in another way. */
export function parseDigest(header: string | undefined): DigestCredential | undefined {
  if (header === undefined || header.length > HEADER_MAX) return undefined;
  let rest = /^digest +(.*)$/i.exec(header)?.[1]?.trim() ?? '';
  const parts = new Map<string, string>();
  while (rest !== '') {
    const [piece, name = '', quoted, token] = PIECE.exec(rest) ?? [];
    if (piece === undefined || parts.has(name.toLowerCase())) return undefined;
    parts.set(name.toLowerCase(), quoted ?? token ?? '');
    rest = rest.slice(piece.length);
  }
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map(
    (name) => parts.get(name),
  );
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined || !/^[0-9a-fA-F]{32}$/.test(response)) return undefined;
  // Neither was offered: what they would protect is not computed here.
  if (parts.has('qop') || (parts.get('algorithm') ?? 'MD5').toUpperCase() !== 'MD5') return undefined;
  return { username, realm, nonce, uri, response: response.toLowerCase() };
}

/** True when the response was computed with the secret behind `secretHash`, MD5 of `id:realm:secret`. */
export function fitsDigest(
  { nonce, uri, response }: DigestCredential,
  method: string,
  secretHash: string,
): boolean {
  const expected = md5(`${secretHash}:${nonce}:${md5(`${method}:${uri}`)}`);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(response));
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** A client answers a challenge at once. */
const NONCE_LIFE_MS = 60_000;
/** Used ones that are remembered; each cost somebody who knows a secret one request. */
const USED_MAX = 10_000;

/** Nonces that say themselves when they were made, and count once (RFC 7616 §5.4, §5.9). */
export class DigestNonces {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  /** Used nonce → when it was made; in that order but for a minute. */
  readonly #used = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make(): string {
    const text = `${Math.floor(this.#clock.monotonic()).toString(36)}.${randomBytes(12).toString('base64url')}`;
    return `${text}.${this.#sign(text)}`;
  }

  /** Whether it was made here within the last minute and was not used. */
  isFresh(nonce: string): boolean {
    const at = this.#madeAt(nonce);
    return at !== undefined && this.#clock.monotonic() - at < NONCE_LIFE_MS && !this.#used.has(nonce);
  }

  /** False when it was used meanwhile, or too many were. */
  use(nonce: string): boolean {
    const now = this.#clock.monotonic();
    if (!this.isFresh(nonce)) return false;
    if (this.#used.size >= USED_MAX) {
      for (const [old, at] of this.#used) if (now - at >= NONCE_LIFE_MS) this.#used.delete(old);
      if (this.#used.size >= USED_MAX) return false;
    }
    this.#used.set(nonce, this.#madeAt(nonce) ?? now);
    return true;
  }

  #madeAt(nonce: string): number | undefined {
    const [, text, at, mac] = /^(([0-9a-z]{1,12})\.[\w-]{16})\.([\w-]{43})$/.exec(nonce) ?? [];
    if (text === undefined || at === undefined || mac === undefined) return undefined;
    const right = timingSafeEqual(Buffer.from(mac), Buffer.from(this.#sign(text)));
    return right ? Number.parseInt(at, 36) : undefined;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
