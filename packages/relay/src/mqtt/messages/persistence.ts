import { Readable } from 'node:stream';
import { literalPart, matches } from '@porchlight/protocol/mqtt';
import type { Clock } from '../../clock.ts';
import { ownerOf } from '../identity.ts';
import { RETAINED_READERS_MAX } from '../limits.ts';
import { KeptSessions } from './kept-sessions.ts';
import type { KeptMessage, MessageChange, MessageStore, QueuedMessage, Will } from './message-store.ts';
import { freeIdentifier, kept, type Packet, toPacket } from './packet.ts';
import { Places } from './places.ts';
import { Wills } from './wills.ts';
import { WriteLine } from './write-line.ts';

/** Rows read at a time: a queue or all retained messages of an account are never in memory whole. */
const PAGE = 100;
/** What stands for the subscriptions of a session that has none. */
export const PRESENT = '$present';

interface Client {
  readonly id: string;
}

interface LibrarySubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly clientId?: string;
}

export interface PersistenceParts {
  readonly store: MessageStore;
  readonly clock: Clock;
  /** May this client's subscription be kept? The library hands over those that were refused, too. Absent: any. */
  readonly mayKeep?: (clientId: string, topic: string) => boolean;
  /** A message was not kept for a session, because its queue is full. */
  readonly onFull?: (clientId: string) => void;
}

/**
 * What aedes asks of a persistence (its `asyncPersistence`), on the relay's database. Kept sessions and their
 * subscriptions are in memory too; queues, retained messages and wills are in the database alone. Everything that is
 * changed is written in order, through one line: a promise that is kept means that a kill -9 does not undo it.
 */
export class Persistence {
  readonly sessions = new KeptSessions();
  readonly line: WriteLine;
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #onFull: (clientId: string) => void;
  readonly #mayKeep: (clientId: string, topic: string) => boolean;
  /** Identifiers under which messages are on their way to a client, and how long their payloads are: by client id. */
  readonly #sent = new Map<string, Map<number, number>>();
  /** Identifiers of QoS 2 messages that a client has sent and not released. */
  readonly #incoming = new Map<string, Set<number>>();
  /** Clients whose session was there when they came. */
  readonly #resumed = new Set<string>();
  readonly #wills: Wills;
  readonly #readers = new Places(RETAINED_READERS_MAX);
  #broker: { readonly id: string } = { id: '' };
  /** Stores a QoS 2 message with its identifier; the broker puts in what stores it for its recipients too. */
  storeIncoming = (_packet: Packet, _clientId: string, changes: readonly MessageChange[]): Promise<void> =>
    this.line.add(changes);

  constructor(parts: PersistenceParts) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#onFull = parts.onFull ?? (() => undefined);
    this.#mayKeep = parts.mayKeep ?? (() => true);
    this.line = new WriteLine((changes) => parts.store.write(changes));
    this.#wills = new Wills(parts.store, this.line);
  }

  get broker(): { readonly id: string } {
    return this.#broker;
  }

  async setup(broker: { readonly id: string }): Promise<void> {
    this.#broker = broker;
    for (let after: string | undefined; ; ) {
      const page = await this.#store.sessions({ after, limit: PAGE });
      for (const session of page) this.sessions.load(session);
      after = page.at(-1)?.clientId;
      if (after === undefined) break;
    }
    await this.#wills.load();
  }

  /** What there is to write for a message before it may be acknowledged: the retained one, and the queues it goes to. */
  changesFor(packet: Packet, publisher: string | undefined): MessageChange[] {
    const message = kept(packet);
    const changes: MessageChange[] = [];
    if (packet.retain) changes.push(this.#retain(message, publisher));
    if (packet.qos === 0) return changes;
    const recipients = new Map<string, 0 | 1 | 2>();
    for (const { clientId, subscription } of this.sessions.matching(packet.topic)) {
      const qos = Math.max(recipients.get(clientId) ?? 0, Math.min(packet.qos, subscription.qos));
      recipients.set(clientId, qos as 0 | 1 | 2);
    }
    for (const [clientId, qos] of recipients) {
      if (this.sessions.isFull(clientId, message.payload.length)) this.#onFull(clientId);
      else changes.push(this.#enqueue(clientId, packet, { ...message, qos, retain: false }));
    }
    return changes;
  }

  /** Begins a kept session, or notes that its client has come. */
  async keepSession(clientId: string): Promise<void> {
    if (this.sessions.has(clientId)) this.#resumed.add(clientId);
    await this.line.add(this.#session(clientId, true));
  }

  /** Messages of a session's queue that were never sent, in order. */
  unsent(clientId: string, after: number): Promise<QueuedMessage[]> {
    return this.#store.queued(clientId, { after, limit: PAGE, unsent: true });
  }

  /** Ends kept sessions that nobody came back to. */
  async endSessions(before: number): Promise<void> {
    for (const clientId of await this.#store.endSessions(before)) this.#forget(clientId);
  }

  /** Sessions whose owner is gone, with all that waited in them: the database has dropped them with the owner. */
  forgetWhere(which: (clientId: string) => boolean): void {
    for (const clientId of [...this.sessions.clientIds()]) if (which(clientId)) this.#forget(clientId);
  }

  /** Wills of connections that ended with an earlier run of the relay. */
  async oldWills(): Promise<Will[]> {
    return (await this.#wills.all()).filter((will) => will.brokerId !== this.#broker.id);
  }

  /** Those that are being written are counted, too. */
  async countRetained(accountId: string): Promise<{ count: number; bytes: number }> {
    await this.line.settled();
    return this.#store.countRetained(accountId);
  }

  async hasRetained(topic: string): Promise<boolean> {
    // In order of topic: of all that begin so, the topic itself comes first.
    const [first] = await this.#store.retained(topic, { after: undefined, limit: 1 });
    return first?.topic === topic;
  }

  async storeRetained(packet: Packet): Promise<void> {
    await this.line.add([this.#retain(kept(packet), packet.clientId)]);
  }

  createRetainedStream(pattern: string): Readable {
    return this.createRetainedStreamCombi([pattern]);
  }

  createRetainedStreamCombi(patterns: readonly string[]): Readable {
    return Readable.from(this.#retained(patterns));
  }

  async addSubscriptions(client: Client, subscriptions: readonly LibrarySubscription[]): Promise<void> {
    const changes = this.#session(client.id);
    for (const { topic, qos, clientId: _, ...options } of subscriptions) {
      if (!this.#mayKeep(client.id, topic)) continue;
      // The library hands over the whole packet for each subscription in it.
      if (this.sessions.hasSame(client.id, { topic, qos, options })) continue;
      this.sessions.subscribe(client.id, { topic, qos, options });
      changes.push({ change: 'subscribe', clientId: client.id, topic, qos, options });
    }
    await this.line.add(changes);
  }

  async removeSubscriptions(client: Client, topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.sessions.unsubscribe(client.id, topic);
    await this.line.add(topics.map((topic) => ({ change: 'unsubscribe', clientId: client.id, topic })));
  }

  async subscriptionsByClient(client: Client): Promise<LibrarySubscription[]> {
    const resumed = this.#resumed.delete(client.id);
    const kept = this.sessions.subscriptions(client.id);
    // The library says that a session is present if it has subscriptions; one without them is, too
    // ([MQTT-3.2.2-2]). This one is a subscription that nobody may have.
    if (resumed && kept.length === 0) return [{ topic: PRESENT, qos: 0 }];
    return kept.map(({ topic, qos, options }) => ({ topic, qos, ...options }));
  }

  async subscriptionsByTopic(topic: string): Promise<LibrarySubscription[]> {
    return [...this.sessions.matching(topic)].map(({ clientId, subscription }) => ({
      clientId,
      topic: subscription.topic,
      qos: subscription.qos,
      ...subscription.options,
    }));
  }

  /** A client has come for a clean session: whatever was kept under its client id ends (MQTT 3.1.1 §3.1.2.4). */
  async cleanSubscriptions(client: Client): Promise<void> {
    if (!this.sessions.has(client.id)) return;
    this.#forget(client.id);
    await this.line.add([{ change: 'session-ended', clientId: client.id }]);
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    const { clients, subscriptions } = this.sessions.count();
    return { subsCount: subscriptions, clientsCount: clients };
  }

  async outgoingEnqueue(subscription: { clientId: string }, packet: Packet): Promise<void> {
    await this.outgoingEnqueueCombi([subscription], packet);
  }

  async outgoingEnqueueCombi(subscriptions: readonly { clientId: string }[], packet: Packet): Promise<void> {
    const clientIds = new Set(subscriptions.map(({ clientId }) => clientId));
    const changes = [...clientIds].flatMap((clientId) => [
      ...this.#session(clientId),
      this.#enqueue(clientId, packet, kept(packet)),
    ]);
    await this.line.add(changes);
  }

  /**
   * Before a message goes to a client: notes its identifier, which is changed in `packet` if it is in use already. Or
   * a PUBREC has come: the message is the client's, what remains is its release.
   */
  async outgoingUpdate(client: Client, packet: Packet): Promise<void> {
    const { id: clientId } = client;
    const { messageId, brokerId, brokerCounter } = packet;
    if (messageId === undefined) throw new Error('a packet without an identifier');
    const used = this.#sent.get(clientId) ?? new Map<number, number>();
    if (packet.cmd === 'pubrel') {
      // Its payload goes.
      this.sessions.changeQueued(clientId, 0, -(used.get(messageId) ?? 0));
      if (used.has(messageId)) used.set(messageId, 0);
      return this.line.add([{ change: 'received', clientId, messageId }]);
    }
    this.#sent.set(clientId, used);
    if (packet.dup !== true) packet.messageId = freeIdentifier(messageId, used);
    used.set(packet.messageId ?? messageId, kept(packet).payload.length);
    if (brokerId === undefined || brokerCounter === undefined) return;
    await this.line.add([
      { change: 'sent', clientId, brokerId, brokerCounter, messageId: packet.messageId ?? messageId },
    ]);
  }

  async outgoingClearMessageId(client: Client, packet: Packet): Promise<Packet | undefined> {
    const { messageId } = packet;
    if (messageId === undefined || !this.sessions.has(client.id)) return undefined;
    await this.line.settled();
    const message = await this.#store.sentAs(client.id, messageId);
    this.#sent.get(client.id)?.delete(messageId);
    if (message === undefined) return undefined;
    await this.line.add([{ change: 'done', clientId: client.id, messageId }]);
    this.sessions.changeQueued(client.id, -1, -message.payload.length);
    return toPacket(message);
  }

  outgoingStream(client: Client): Readable {
    return Readable.from(this.#outgoing(client.id));
  }

  /** A QoS 2 message has come; its identifier is kept in memory alone when its session is not kept. */
  async incomingStorePacket(client: Client, packet: Packet): Promise<void> {
    const { messageId = 0 } = packet;
    const incoming = await this.#incomingOf(client.id);
    incoming.add(messageId);
    const kept = this.sessions.has(client.id);
    try {
      await this.storeIncoming(
        packet,
        client.id,
        kept ? [{ change: 'incoming', clientId: client.id, messageId }] : [],
      );
    } catch (error) {
      incoming.delete(messageId);
      throw error;
    }
  }

  async incomingGetPacket(client: Client, packet: Pick<Packet, 'messageId'>): Promise<Packet> {
    // What is under way must be safe before it is answered for once more.
    await this.line.settled();
    const { messageId = 0 } = packet;
    if (!(await this.#incomingOf(client.id)).has(messageId)) throw new Error('no such packet');
    return { messageId, cmd: 'publish', topic: '', payload: Buffer.alloc(0), qos: 2, retain: false };
  }

  async incomingDelPacket(client: Client, packet: Pick<Packet, 'messageId'>): Promise<void> {
    const { messageId = 0 } = packet;
    if (!(await this.#incomingOf(client.id)).delete(messageId)) throw new Error('no such packet');
    if (!this.sessions.has(client.id)) return;
    await this.line.add([{ change: 'incoming-done', clientId: client.id, messageId }]);
  }

  async cleanIncoming(client: Client): Promise<void> {
    this.#incoming.delete(client.id);
    if (!this.sessions.has(client.id)) return;
    await this.line.add([{ change: 'incoming-forgotten', clientId: client.id }]);
  }

  async putWill(client: Client, packet: Packet): Promise<void> {
    packet.brokerId = this.#broker.id;
    packet.clientId = client.id;
    await this.#wills.put(client.id, this.#broker.id, kept(packet));
  }

  getWill(client: Client): Promise<Packet | undefined> {
    return this.#wills.get(client.id);
  }

  delWill(client: Client): Promise<Packet | undefined> {
    return this.#wills.remove(client.id);
  }

  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    const unknown = async function* (wills: Wills) {
      for (const will of await wills.all()) if (brokers[will.brokerId] === undefined) yield will;
    };
    return Readable.from(unknown(this.#wills));
  }

  getClientList(topic: string): Readable {
    const clients = [...this.sessions.clientIds()].filter((clientId) =>
      this.sessions.subscriptions(clientId).some((subscription) => subscription.topic === topic),
    );
    return Readable.from(clients);
  }

  /** Resolves when what was to be written is. */
  async destroy(): Promise<void> {
    await this.line.settled();
  }

  async *#retained(patterns: readonly string[]): AsyncGenerator<Packet> {
    await this.line.settled();
    for (const pattern of patterns) {
      const start = literalPart(pattern);
      // `a/#` is for `a` too: the slash before the wildcard does not belong to the start.
      const topicStart = pattern.endsWith('/#') ? start.replace(/\/$/, '') : start;
      // Whoever reads slowly keeps messages in memory.
      const leave = await this.#readers.enter(start.split('/', 2).join('/'));
      try {
        yield* this.#retainedBelow(topicStart, pattern);
      } finally {
        leave();
      }
    }
  }

  async *#retainedBelow(topicStart: string, pattern: string): AsyncGenerator<Packet> {
    for (let after: string | undefined; ; ) {
      const page = await this.#store.retained(topicStart, { after, limit: PAGE });
      for (const message of page) {
        if (matches(pattern, message.topic)) yield { cmd: 'publish', ...message };
      }
      after = page.at(-1)?.topic;
      if (after === undefined) return;
    }
  }

  async *#outgoing(clientId: string): AsyncGenerator<Packet | Pick<Packet, 'cmd' | 'messageId'>> {
    if (!this.sessions.has(clientId)) return;
    await this.line.settled();
    const used = new Map<number, number>();
    for (let after = 0; ; ) {
      const page = await this.#store.queued(clientId, { after, limit: PAGE });
      for (const message of page) {
        if (message.messageId !== undefined) used.set(message.messageId, message.payload.length);
        this.#sent.set(clientId, used);
        yield message.received ? { cmd: 'pubrel', messageId: message.messageId } : toPacket(message);
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.place;
    }
  }

  async #incomingOf(clientId: string): Promise<Set<number>> {
    const there = this.#incoming.get(clientId);
    if (there !== undefined) return there;
    const ids = this.sessions.has(clientId) ? await this.#store.incoming(clientId) : [];
    const incoming = this.#incoming.get(clientId) ?? new Set(ids);
    this.#incoming.set(clientId, incoming);
    return incoming;
  }

  #session(clientId: string, seen = false): MessageChange[] {
    if (this.sessions.has(clientId) && !seen) return [];
    this.sessions.add(clientId);
    return [{ change: 'session', clientId, at: this.#clock.now(), ...ownerOf(clientId) }];
  }

  #enqueue(clientId: string, packet: Packet, message: KeptMessage): MessageChange {
    this.sessions.changeQueued(clientId, 1, message.payload.length);
    const { brokerId = '', brokerCounter = 0 } = packet;
    return { change: 'enqueue', clientId, brokerId, brokerCounter, ...message };
  }

  #retain(message: KeptMessage, publisher: string | undefined): MessageChange {
    const { accountId, deviceId } = ownerOf(publisher ?? '') ?? {};
    return { change: 'retain', at: this.#clock.now(), ...message, accountId, deviceId };
  }

  #forget(clientId: string): void {
    this.sessions.end(clientId);
    this.#sent.delete(clientId);
    this.#incoming.delete(clientId);
  }
}
