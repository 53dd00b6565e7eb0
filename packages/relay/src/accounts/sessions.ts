import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { hashSecret, newId, newSecret } from '../secrets.ts';
import type { SessionRecord, SessionStore } from './session-store.ts';

/** A session ends when it was not used for so long. */
export const SESSION_LIFE_MS = 30 * 24 * 3600_000;
/** Its end is moved on at most so often, to spare the database. */
const TOUCH_MS = 5 * 60_000;
/** Sessions of one account; a new one beyond ends the one not used for longest. */
const SESSIONS_MAX = 100;
const USER_AGENT_MAX = 300;

/** Sign-in sessions. The secret is in the browser's cookie only; its hash is stored. */
export class Sessions {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #events: EventBus;

  constructor(parts: { store: SessionStore; clock: Clock; events: EventBus }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#events = parts.events;
  }

  async start(
    accountId: string,
    from: { address: string; userAgent: string },
  ): Promise<{ session: SessionRecord; secret: string }> {
    const now = this.#clock.now();
    const others = await this.#store.list(accountId, now);
    if (others.length >= SESSIONS_MAX) {
      const stale = others.reduce((a, b) => (b.lastSeenAt < a.lastSeenAt ? b : a));
      await this.end(accountId, stale.id);
    }
    const secret = newSecret();
    const session: SessionRecord = {
      id: newId(),
      accountId,
      tokenHash: hashSecret(secret),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + SESSION_LIFE_MS,
      address: from.address,
      userAgent: from.userAgent.slice(0, USER_AGENT_MAX),
    };
    await this.#store.insert(session);
    return { session, secret };
  }

  /** The session of a cookie's secret, and moves its end on; undefined when there is none (any more). */
  async find(secret: string): Promise<SessionRecord | undefined> {
    const now = this.#clock.now();
    const session = await this.#store.byTokenHash(hashSecret(secret), now);
    if (session === undefined || now - session.lastSeenAt < TOUCH_MS) return session;
    const expiresAt = now + SESSION_LIFE_MS;
    await this.#store.touch(session.id, now, expiresAt);
    return { ...session, lastSeenAt: now, expiresAt };
  }

  /** A session by its id: for what was derived from it, such as the cookies of published host names. */
  async byId(accountId: string, sessionId: string): Promise<SessionRecord | undefined> {
    const sessions = await this.list(accountId);
    return sessions.find((session) => session.id === sessionId);
  }

  list(accountId: string): Promise<SessionRecord[]> {
    return this.#store.list(accountId, this.#clock.now());
  }

  /** False when the account has no such session. */
  async end(accountId: string, sessionId: string): Promise<boolean> {
    const ended = await this.#store.remove(accountId, sessionId);
    if (ended) this.#publishEnd(accountId, [sessionId]);
    return ended;
  }

  /** Ends all of the account's sessions, but for the one given; gives the ids ended. */
  async endOthers(accountId: string, exceptId: string | undefined): Promise<string[]> {
    const ended = await this.#store.removeOthers(accountId, exceptId);
    if (ended.length > 0) this.#publishEnd(accountId, ended);
    return ended;
  }

  /** Removes what has expired from the store; to be called now and then. */
  removeExpired(): Promise<void> {
    return this.#store.removeExpired(this.#clock.now());
  }

  #publishEnd(accountId: string, sessionIds: readonly string[]): void {
    this.#events.publish({ type: 'sessions-ended', accountId, sessionIds });
  }
}
