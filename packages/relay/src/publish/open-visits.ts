import type { Identity } from '../access/index.ts';
import type { EventBus, RelayEvent } from '../events.ts';

/** A visitor's request or connection that goes on: a download, a stream of events, a WebSocket. */
export interface OpenVisit {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** What visitors have open; it ends at once when the session, token or account that let them in ends. */
export class OpenVisits {
  readonly #open = new Map<OpenVisit, Identity>();
  readonly #unsubscribe: () => void;

  constructor(parts: { events: EventBus }) {
    this.#unsubscribe = parts.events.subscribe((event) => {
      const stands = standsOn(event);
      if (stands === undefined) return;
      for (const [visit, identity] of this.#open) if (stands(identity)) visit.destroy();
    });
  }

  /** Keeps a visit until it closes; one that nobody in particular makes is nobody's to end. */
  add(visit: OpenVisit, identity: Identity): void {
    if (identity.kind === 'anonymous') return;
    this.#open.set(visit, identity);
    visit.once('close', () => this.#open.delete(visit));
  }

  get size(): number {
    return this.#open.size;
  }

  close(): void {
    this.#unsubscribe();
  }
}

/** Which identities an event takes away; undefined: none. */
function standsOn(event: RelayEvent): ((identity: Identity) => boolean) | undefined {
  switch (event.type) {
    case 'sessions-ended':
      return (identity) => identity.kind === 'session' && event.sessionIds.includes(identity.sessionId);
    case 'access-token-revoked':
      return (identity) => identity.kind === 'access-token' && identity.tokenId === event.tokenId;
    case 'account-removed':
      return (identity) => identity.kind !== 'anonymous' && identity.accountId === event.accountId;
    default:
      return undefined;
  }
}
