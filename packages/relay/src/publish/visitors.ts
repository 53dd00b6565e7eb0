import type { IncomingMessage } from 'node:http';
import { ANONYMOUS, type Identities, type ShareVisitor, type Visitor } from '../access/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { ownToken } from './own-token.ts';
import type { SignOn } from './sign-on.ts';

/** Identities kept for a moment, so that a page's hundred requests resolve it once. */
const CACHE_MAX = 20_000;
const CACHE_LIFE_MS = 15_000;
/** Something ends during a lookup now and then, seldom twice. */
const LOOKS_MAX = 5;

export const VISIT_COOKIE = { secure: '__Host-porchlight-visit', plain: 'porchlight-visit' } as const;
/** Beside the visit cookie, so that opening a share link signs nobody out. */
export const SHARE_COOKIE = { secure: '__Host-porchlight-share', plain: 'porchlight-share' } as const;
export const STATE_COOKIE = { secure: '__Host-porchlight-state', plain: 'porchlight-state' } as const;

/** Finds out who visits a published host: by an access token, by its own cookie, or by a share link opened there. */
export class Visitors {
  readonly #identities: Pick<Identities, 'bySession' | 'byAccessToken'>;
  readonly #signOn: Pick<SignOn, 'readCookie' | 'readShareCookie'>;
  readonly #shares: { visitor(id: string): Promise<ShareVisitor | undefined> };
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly identity: Visitor; readonly until: number }>();
  readonly #unsubscribe: () => void;
  #drops = 0;

  constructor(parts: {
    identities: Pick<Identities, 'bySession' | 'byAccessToken'>;
    signOn: Pick<SignOn, 'readCookie' | 'readShareCookie'>;
    shares: { visitor(id: string): Promise<ShareVisitor | undefined> };
    events: EventBus;
    clock: Clock;
  }) {
    this.#identities = parts.identities;
    this.#signOn = parts.signOn;
    this.#shares = parts.shares;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe(({ type }) => {
      const ends = type === 'sessions-ended' || type === 'access-token-revoked' || type === 'share-ended';
      if (!ends && type !== 'account-changed' && type !== 'account-removed') return;
      this.#drops += 1;
      this.#cache.clear();
    });
  }

  /** Who asks, when that was found out a moment ago or nobody was named; undefined: ask `identify`. */
  known(req: Headed, host: string, secure: boolean): Visitor | undefined {
    const proof = proofOf(req, secure);
    if (proof === undefined) return ANONYMOUS;
    const cached = this.#cache.get(keyOf(proof, host));
    if (cached === undefined || cached.until <= this.#clock.monotonic()) return undefined;
    const { identity } = cached;
    const ended = identity.kind === 'share' && (identity.expiresAt ?? Infinity) <= this.#clock.now();
    return ended ? undefined : identity;
  }

  /** Who asks. Rejects when the database does. */
  async identify(req: Headed, host: string, secure: boolean): Promise<Visitor> {
    const known = this.known(req, host, secure);
    const proof = proofOf(req, secure);
    return known ?? (proof === undefined ? ANONYMOUS : this.#resolve(proof, host));
  }

  close(): void {
    this.#unsubscribe();
    this.#cache.clear();
  }

  async #resolve(proof: Proof, host: string): Promise<Visitor> {
    for (let looks = 1; ; looks += 1) {
      const drops = this.#drops;
      const identity =
        proof.kind === 'token'
          ? await this.#identities.byAccessToken(proof.text)
          : await this.#ofCookies(proof, host);
      // Nobody is not kept: rubbish must not push out real visitors.
      if (identity.kind === 'anonymous') return identity;
      // A share link that ended meanwhile must not open something that nobody would end any more.
      if (drops !== this.#drops && looks < LOOKS_MAX) continue;
      if (drops === this.#drops) {
        if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
        this.#cache.set(keyOf(proof, host), { identity, until: this.#clock.monotonic() + CACHE_LIFE_MS });
      }
      return identity;
    }
  }

  /** A person who is signed in goes before a share link that was opened in the same browser. */
  async #ofCookies({ text, share }: Proof, host: string): Promise<Visitor> {
    const claim = this.#signOn.readCookie(text, host);
    const identity =
      claim === undefined ? ANONYMOUS : await this.#identities.bySession(claim.accountId, claim.sessionId);
    if (identity.kind !== 'anonymous' || share === '') return identity;
    const id = this.#signOn.readShareCookie(share, host);
    return (id === undefined ? undefined : await this.#shares.visitor(id)) ?? ANONYMOUS;
  }
}

type Headed = Pick<IncomingMessage, 'headers'>;

/** What a visitor shows to say who it is. */
interface Proof {
  readonly kind: 'token' | 'cookie';
  /** The token, or the visit cookie; empty: none. */
  readonly text: string;
  /** The cookie of a share link; empty: none. */
  readonly share: string;
}

/** A Bearer token if there is one, else the cookie: with a wrong token one is nobody. */
function proofOf(req: Headed, secure: boolean): Proof | undefined {
  const { authorization, cookie } = req.headers;
  const token = ownToken(authorization);
  if (token !== undefined) return { kind: 'token', text: token, share: '' };
  if (cookie === undefined) return undefined;
  const text = cookieValue(cookie, secure ? VISIT_COOKIE.secure : VISIT_COOKIE.plain) ?? '';
  const share = cookieValue(cookie, secure ? SHARE_COOKIE.secure : SHARE_COOKIE.plain) ?? '';
  return text === '' && share === '' ? undefined : { kind: 'cookie', text, share };
}

function keyOf(proof: Proof, host: string): string {
  return proof.kind === 'token' ? `b ${proof.text}` : `v ${host} ${proof.text} ${proof.share}`;
}

/** The value of a cookie in a Cookie header; undefined when it is not there. */
export function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
