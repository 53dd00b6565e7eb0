import { createHash, randomBytes } from 'node:crypto';

const LIFE_MS = 12 * 3600_000;
/** More than a household has browsers; the oldest goes. */
const SESSIONS_MAX = 20;

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

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
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
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
