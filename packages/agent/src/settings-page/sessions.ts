import { createHash, randomBytes } from 'node:crypto';

const LIFE_MS = 12 * 3600_000;
/** More than a household has browsers; the oldest goes. */
const SESSIONS_MAX = 20;
/** Wrong codes or passwords, from everybody together: the page has one owner. */
const TRIES = { burst: 5, refillMs: 6_000 };

interface Session {
  readonly until: number;
  /** Has to come back with each change: another page cannot know it. */
  readonly formToken: string;
}

/** Who is signed in at the page; in memory, so that a restart signs everybody out. */
export class Sessions {
  readonly #now: () => number;
  /** By hash of the cookie. */
  readonly #sessions = new Map<string, Session>();
  #tries = TRIES.burst;
  #refilledAt: number;

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#refilledAt = now();
  }

  /** Gives the value of the cookie. */
  begin(): string {
    const secret = randomBytes(32).toString('base64url');
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(digest(secret), {
      until: this.#now() + LIFE_MS,
      formToken: randomBytes(16).toString('base64url'),
    });
    return secret;
  }

  find(secret: string | undefined): Session | undefined {
    if (secret === undefined) return undefined;
    const key = digest(secret);
    const session = this.#sessions.get(key);
    if (session !== undefined && session.until > this.#now()) return session;
    this.#sessions.delete(key);
    return undefined;
  }

  end(secret: string | undefined): void {
    if (secret !== undefined) this.#sessions.delete(digest(secret));
  }

  endAll(): void {
    this.#sessions.clear();
  }

  /** Takes one try at a code or password; false: there have been too many, wait. */
  take(): boolean {
    const now = this.#now();
    const refilled = Math.floor((now - this.#refilledAt) / TRIES.refillMs);
    if (refilled > 0) {
      this.#tries = Math.min(TRIES.burst, this.#tries + refilled);
      this.#refilledAt += refilled * TRIES.refillMs;
    }
    if (this.#tries === 0) return false;
    this.#tries -= 1;
    return true;
  }

  /** The try was right. */
  giveBack(): void {
    this.#tries = Math.min(TRIES.burst, this.#tries + 1);
  }
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
