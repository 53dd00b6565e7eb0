import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Identity, SessionIdentity } from '../access/index.ts';
import type { Clock } from '../clock.ts';
import type { SecretStore } from '../config/index.ts';
import { newSecret } from '../secrets.ts';

/** A one-time code is followed by a redirect at once. */
const CODE_LIFE_MS = 60_000;
/** Codes waiting, in all; the oldest goes first. */
const CODES_MAX = 10_000;
/** The visit ends with the console's session, and at the latest after this. */
export const VISIT_LIFE_MS = 30 * 24 * 3600_000;

interface Code {
  readonly host: string;
  readonly state: string;
  readonly identity: SessionIdentity;
  readonly until: number;
}

/** Marks a cookie of a share link; no id of an account is so short. */
const SHARE_MARK = 'share';

/** Who a visit cookie speaks for, before it is known whether that session still lives. */
export interface VisitClaim {
  readonly accountId: string;
  readonly sessionId: string;
}

/**
 * Hands a sign-in at the console over to a published host, which shares no cookie with it: the console gives a
 * one-time code for that host and that browser (`state`), the host turns it into a cookie of its own. The cookie is
 * signed, not stored; it is worth as much as the session that it names.
 */
export class SignOn {
  readonly #clock: Clock;
  readonly #key: Buffer;
  readonly #codes = new Map<string, Code>();

  private constructor(parts: { clock: Clock; key: Buffer }) {
    this.#clock = parts.clock;
    this.#key = parts.key;
  }

  static async open(parts: { clock: Clock; secrets: Pick<SecretStore, 'getOrInsert'> }): Promise<SignOn> {
    const kept = await parts.secrets.getOrInsert('visit-key', newSecret());
    return new SignOn({ clock: parts.clock, key: Buffer.from(kept) });
  }

  /** A code for one host, for the browser that was given `state` there. */
  issueCode(identity: SessionIdentity, host: string, state: string): string {
    if (this.#codes.size >= CODES_MAX) {
      for (const oldest of this.#codes.keys()) {
        this.#codes.delete(oldest);
        break;
      }
    }
    const code = newSecret();
    this.#codes.set(code, { host, state, identity, until: this.#clock.monotonic() + CODE_LIFE_MS });
    return code;
  }

  /** The value of the host's cookie; undefined when the code is unknown, used, too old, for another host or browser. */
  redeem(code: string, host: string, state: string): string | undefined {
    const kept = this.#codes.get(code);
    if (kept === undefined) return undefined;
    this.#codes.delete(code);
    if (kept.until < this.#clock.monotonic() || kept.host !== host || !sameText(kept.state, state))
      return undefined;
    const { accountId, sessionId } = kept.identity;
    const claim = `${accountId}.${sessionId}.${this.#clock.now() + VISIT_LIFE_MS}`;
    return `${claim}.${this.#sign(claim, host)}`;
  }

  /** The value of the cookie that a host gives to who opened a share link there. */
  shareCookie(shareId: string, host: string): string {
    const claim = `${SHARE_MARK}.${shareId}.${this.#clock.now() + VISIT_LIFE_MS}`;
    return `${claim}.${this.#sign(claim, host)}`;
  }

  /** The id of the share link that a cookie claims; undefined when it was not made here for this host, or is too old. */
  readShareCookie(value: string, host: string): string | undefined {
    const claim = this.#read(value, host);
    return claim?.accountId === SHARE_MARK ? claim.sessionId : undefined;
  }

  /** What a visit cookie claims; undefined when it was not made here for this host, or has expired. */
  readCookie(value: string, host: string): VisitClaim | undefined {
    const claim = this.#read(value, host);
    return claim?.accountId === SHARE_MARK ? undefined : claim;
  }

  #read(value: string, host: string): VisitClaim | undefined {
    if (value.length > 200) return undefined;
    const [accountId = '', sessionId = '', expires = '', signature = '', ...more] = value.split('.');
    if (more.length > 0 || !sameText(signature, this.#sign(`${accountId}.${sessionId}.${expires}`, host)))
      return undefined;
    return Number(expires) > this.#clock.now() ? { accountId, sessionId } : undefined;
  }

  #sign(claim: string, host: string): string {
    return createHmac('sha256', this.#key).update(`${claim}\n${host}`).digest('base64url');
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** True for a person with a browser session: only they can be handed over. */
export function canSignOn(identity: Identity): identity is SessionIdentity {
  return identity.kind === 'session';
}
