import type { Visitor } from '../access/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus, RelayEvent } from '../events.ts';

/** A visitor's request or connection that goes on: a download, a stream of events, a WebSocket. */
export interface OpenVisit {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Longest that a timer of Node's can wait. Nobody has a page open for weeks without asking again. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** What visitors have open; it ends at once when the session, token, share link or account that let them in ends. */
export class OpenVisits {
  readonly #open = new Map<OpenVisit, Visitor>();
  readonly #unsubscribe: () => void;

  readonly #clock: Clock;

  constructor(parts: { events: EventBus; clock: Clock }) {
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe((event) => {
      const stands = standsOn(event);
      if (stands === undefined) return;
      for (const [visit, identity] of this.#open) if (stands(identity)) visit.destroy();
    });
  }

  /** Keeps a visit until it closes; one that nobody in particular makes is nobody's to end. */
  add(visit: OpenVisit, identity: Visitor): void {
    if (identity.kind === 'anonymous') return;
    this.#open.set(visit, identity);
    visit.once('close', () => this.#open.delete(visit));
    const endsAt = endOf(identity);
    if (endsAt === undefined) return;
    const left = endsAt - this.#clock.now();
    if (left > TIMER_MAX_MS) return;
    const cancel = this.#clock.after(Math.max(0, left), () => visit.destroy());
    visit.once('close', cancel);
  }

  get size(): number {
    return this.#open.size;
  }

  close(): void {
    this.#unsubscribe();
  }
}

/** When what an identity has open ends by itself, ms since 1970. */
function endOf(identity: Visitor): number | undefined {
  if (identity.kind === 'share') return identity.expiresAt;
  return identity.kind === 'access-token' ? identity.endsAt : undefined;
}

/** Which identities an event takes away; undefined: none. */
function standsOn(event: RelayEvent): ((identity: Visitor) => boolean) | undefined {
  switch (event.type) {
    case 'sessions-ended':
      return (identity) => identity.kind === 'session' && event.sessionIds.includes(identity.sessionId);
    case 'access-token-revoked':
      return (identity) => identity.kind === 'access-token' && identity.tokenId === event.tokenId;
    case 'share-ended':
      return (identity) => identity.kind === 'share' && identity.shareId === event.shareId;
    case 'account-removed':
      return (identity) => identity.kind !== 'anonymous' && identity.accountId === event.accountId;
    default:
      return undefined;
  }
}
