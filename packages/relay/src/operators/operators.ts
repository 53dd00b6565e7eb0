import type { EventBus, RelayEvent } from '../events.ts';
import { disconnectWith, type OperatorClient } from '../ssh/index.ts';
import { OperatorSession, type OperatorSessionParts } from './operator-session.ts';

/** Connections of one account at the same time. */
const PER_ACCOUNT_MAX = 50;
const LOOK_MS = 20_000;
/** A client that has been silent for so long, asked every {@link LOOK_MS}, is gone; a line may be away for less. */
const SILENCE_MAX_MS = 90_000;
/** Most that may wait for a client that does not read: more than any window allows is no honest client. */
const UNSENT_MAX = 64 * 1024 * 1024;
/** Time for a refused client to read why. */
const LINGER_MS = 1_000;

export interface OperatorsParts extends OperatorSessionParts {
  readonly events: EventBus;
}

/** The people who are connected by SSH. A connection ends at once with the key, token or account that it came in by. */
export class Operators {
  readonly #parts: OperatorsParts;
  /** When each was heard last, monotonic, and how many bytes it had sent by then. */
  readonly #live = new Map<OperatorSession, { bytes: number; at: number }>();
  readonly #stop: (() => void)[];

  constructor(parts: OperatorsParts) {
    this.#parts = parts;
    this.#stop = [
      parts.events.subscribe((event) => this.#hear(event)),
      parts.clock.every(LOOK_MS, () => this.#look()),
    ];
  }

  /** Connections that are open now. */
  get size(): number {
    return this.#live.size;
  }

  /** Takes a client that has logged in. */
  accept(client: OperatorClient): void {
    const { accountId } = client.operator.person;
    const { clock } = this.#parts;
    const own = [...this.#live.keys()].filter(({ person }) => person.accountId === accountId);
    if (own.length >= PER_ACCOUNT_MAX) {
      this.#note(client, 'operator.refused', { reason: 'too many connections' });
      disconnectWith(
        client.connection,
        `Porchlight: you have ${PER_ACCOUNT_MAX} connections open; close one first`,
      );
      clock.after(LINGER_MS, () => client.socket.destroy());
      return;
    }
    const session: OperatorSession = new OperatorSession(client, this.#parts, (reason) => {
      this.#live.delete(session);
      this.#note(client, 'operator.disconnected', {
        reason,
        seconds: Math.round((clock.now() - session.since) / 1000),
      });
    });
    this.#live.set(session, { bytes: client.socket.bytesRead, at: clock.monotonic() });
    this.#note(client, 'operator.connected', { by: client.operator.by, software: client.software });
    // What it came in by may have been removed while it was proven.
    this.#check(session);
  }

  /** Ends all connections. */
  close(): void {
    for (const stop of this.#stop) stop();
    for (const session of this.#live.keys()) session.end('the relay stopped');
  }

  #look(): void {
    const now = this.#parts.clock.monotonic();
    for (const [session, heard] of this.#live) {
      const { bytesRead, writableLength } = session.client.socket;
      if (bytesRead !== heard.bytes) {
        heard.bytes = bytesRead;
        heard.at = now;
      } else if (now - heard.at >= SILENCE_MAX_MS) {
        session.end('nothing was heard any more');
        continue;
      }
      if (writableLength > UNSENT_MAX) session.end('what was sent was not read');
      session.ping();
      this.#check(session);
    }
  }

  #check(session: OperatorSession): void {
    session.check().catch((error: unknown) => {
      this.#parts.logger.error({ error }, 'identity of an operator not checked');
    });
  }

  #hear(event: RelayEvent): void {
    if (
      event.type !== 'ssh-key-removed' &&
      event.type !== 'access-token-revoked' &&
      event.type !== 'account-removed'
    )
      return;
    for (const session of this.#live.keys()) {
      const { person } = session;
      const byKey =
        event.type === 'ssh-key-removed' && person.kind === 'ssh-key' && person.keyId === event.keyId;
      const byToken =
        event.type === 'access-token-revoked' &&
        person.kind === 'access-token' &&
        person.tokenId === event.tokenId;
      const byAccount = event.type === 'account-removed' && person.accountId === event.accountId;
      if (byKey) session.end('this key was removed from the account');
      if (byToken) session.end('this token was revoked');
      if (byAccount) session.end('the account was removed');
    }
  }

  #note(
    { operator, address }: OperatorClient,
    action: 'operator.connected' | 'operator.disconnected' | 'operator.refused',
    detail: Record<string, string | number>,
  ): void {
    this.#parts.audit.append({
      accountId: operator.person.accountId,
      at: this.#parts.clock.now(),
      actor: operator.person.accountName,
      action,
      address,
      detail,
    });
  }
}
