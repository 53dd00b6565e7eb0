import { matches } from '@porchlight/protocol/mqtt';
import { ownerOf } from '../identity.ts';
import { QUEUE_BYTES_MAX, QUEUE_MAX } from '../limits.ts';
import type { KeptSession, Subscription } from './message-store.ts';

/** A kept session that a message is for, with the largest quality of service that it asked for. */
export interface Recipient {
  readonly clientId: string;
  readonly topic: string;
  readonly subscription: Subscription;
}

interface Session {
  readonly subscriptions: Map<string, Subscription>;
  /** Messages in its queue. */
  queued: number;
  /** Bytes of their payloads. */
  bytes: number;
}

/** Sessions that outlive their connections, in memory: who subscribes to what, and how much waits for whom. */
export class KeptSessions {
  readonly #sessions = new Map<string, Session>();
  /** Bytes in all queues of an account. */
  readonly #bytesOf = new Map<string, number>();
  /** Clients by the first two levels of their filters, which name the owner; `*`: one of the two is a wildcard. */
  readonly #byStart = new Map<string, Set<string>>();

  load(kept: KeptSession): void {
    const session = this.#make(kept.clientId);
    session.queued = kept.queued;
    this.#changeBytes(kept.clientId, session, kept.queuedBytes);
    for (const subscription of kept.subscriptions) this.subscribe(kept.clientId, subscription);
  }

  has(clientId: string): boolean {
    return this.#sessions.has(clientId);
  }

  *clientIds(): Generator<string> {
    yield* this.#sessions.keys();
  }

  /** How many sessions there are whose client ids begin so. */
  countOf(scope: string): number {
    let count = 0;
    for (const clientId of this.#sessions.keys()) if (clientId.startsWith(scope)) count += 1;
    return count;
  }

  add(clientId: string): void {
    this.#make(clientId);
  }

  end(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    for (const topic of [...session.subscriptions.keys()]) this.unsubscribe(clientId, topic);
    this.#changeBytes(clientId, session, -session.bytes);
    this.#sessions.delete(clientId);
  }

  /** Is there such a subscription already, in every point? */
  hasSame(clientId: string, { topic, qos, options }: Subscription): boolean {
    const there = this.#sessions.get(clientId)?.subscriptions.get(topic);
    return there?.qos === qos && JSON.stringify(there.options) === JSON.stringify(options);
  }

  subscribe(clientId: string, subscription: Subscription): void {
    this.#make(clientId).subscriptions.set(subscription.topic, subscription);
    const start = startOf(subscription.topic);
    const clients = this.#byStart.get(start) ?? new Set();
    clients.add(clientId);
    this.#byStart.set(start, clients);
  }

  unsubscribe(clientId: string, topic: string): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined || !session.subscriptions.delete(topic)) return;
    const start = startOf(topic);
    for (const other of session.subscriptions.keys()) if (startOf(other) === start) return;
    const clients = this.#byStart.get(start);
    clients?.delete(clientId);
    if (clients?.size === 0) this.#byStart.delete(start);
  }

  subscriptions(clientId: string): Subscription[] {
    return [...(this.#sessions.get(clientId)?.subscriptions.values() ?? [])];
  }

  /** All subscriptions with a quality of service above 0 that match. */
  *matching(topic: string): Generator<Recipient> {
    for (const start of new Set([startOf(topic), WILD])) {
      for (const clientId of this.#byStart.get(start) ?? []) {
        for (const subscription of this.#sessions.get(clientId)?.subscriptions.values() ?? []) {
          if (subscription.qos === 0 || startOf(subscription.topic) !== start) continue;
          if (matches(subscription.topic, topic)) yield { clientId, topic: subscription.topic, subscription };
        }
      }
    }
  }

  /** Is there no place in the session's queue, or for so many bytes more in its account's? */
  isFull(clientId: string, bytes: number): boolean {
    const { accountId } = ownerOf(clientId) ?? {};
    const there = accountId === undefined ? 0 : (this.#bytesOf.get(accountId) ?? 0);
    return (
      (this.#sessions.get(clientId)?.queued ?? 0) >= QUEUE_MAX ||
      (bytes > 0 && there + bytes > QUEUE_BYTES_MAX)
    );
  }

  /** So many messages with so many bytes of payload more, or less, wait for the session. */
  changeQueued(clientId: string, by: number, bytes: number): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    session.queued = Math.max(0, session.queued + by);
    this.#changeBytes(clientId, session, session.queued === 0 ? -session.bytes : bytes);
  }

  /** Sessions with subscriptions, and their subscriptions with a quality of service above 0. */
  count(): { clients: number; subscriptions: number } {
    let clients = 0;
    let subscriptions = 0;
    for (const session of this.#sessions.values()) {
      if (session.subscriptions.size > 0) clients += 1;
      for (const { qos } of session.subscriptions.values()) if (qos > 0) subscriptions += 1;
    }
    return { clients, subscriptions };
  }

  #changeBytes(clientId: string, session: Session, by: number): void {
    const change = Math.max(by, -session.bytes);
    session.bytes += change;
    const { accountId } = ownerOf(clientId) ?? {};
    if (accountId === undefined) return;
    const bytes = (this.#bytesOf.get(accountId) ?? 0) + change;
    if (bytes > 0) this.#bytesOf.set(accountId, bytes);
    else this.#bytesOf.delete(accountId);
  }

  #make(clientId: string): Session {
    const there = this.#sessions.get(clientId);
    if (there !== undefined) return there;
    const session = { subscriptions: new Map(), queued: 0, bytes: 0 };
    this.#sessions.set(clientId, session);
    return session;
  }
}

const WILD = '*';

function startOf(topic: string): string {
  const [first = '', second, third] = topic.split('/', 3);
  // `a/b` is matched by `a/b/#` too, and `a` by `a/#`: only a third level makes the first two certain.
  if (second === undefined || third === undefined) return WILD;
  return /[+#]/.test(first + second) ? WILD : `${first}/${second}`;
}
