import { EventEmitter } from 'node:events';
import { matches } from '@porchlight/protocol/mqtt';
import { Aedes, type AedesOptions, type Client } from 'aedes';
import { UNREAD_BYTES_MAX } from './limits.ts';
import type { MessageChange, QueuedMessage } from './messages/message-store.ts';
import type { Packet } from './messages/packet.ts';
import type { Persistence } from './messages/persistence.ts';

type Done = (error?: Error | null) => void;

/** What is looked at of a packet before the library gets it. */
interface ParsedPacket {
  readonly subscriptions?: unknown[];
  readonly unsubscriptions?: unknown[];
}

/** What aedes 1.2.0 has beside what its types tell; the version is pinned for this reason. */
export interface InsideClient extends Client {
  id: string;
  readonly clean: boolean;
  readonly closed: boolean;
  readonly connected: boolean;
  readonly connackSent: boolean;
  /** It has sent a DISCONNECT. */
  readonly _disconnected: boolean;
  readonly subscriptions: Readonly<Record<string, { readonly qos: number } | undefined>>;
  readonly duplicates: Record<string, number>;
  readonly _parser: {
    parse(bytes: Buffer): number;
    prependListener(event: 'packet', listener: (packet: ParsedPacket) => void): void;
  };
  deliver0(packet: Packet, done: Done): void;
  deliverQoS(packet: Packet, done: Done): void;
}

interface InsideAedes {
  readonly id: string;
  counter: number;
  readonly mq: { emit(packet: Packet, done: Done): void };
  readonly clients: Record<string, InsideClient | undefined>;
  readonly _clearWillInterval: NodeJS.Timeout;
}

/** Lines of order beside the stored one: a message that need not be stored does not wait for those that must. */
const UNSTORED = '/0';

/** A client that is being connected. */
interface Opening {
  /** A message came that waits in its queue. */
  missed: boolean;
  /** Messages that are in no queue, since they go with quality of service 0. */
  readonly held: Packet[];
  heldBytes: number;
}

/**
 * Aedes with its promises kept in order. As it comes, aedes 1.2.0
 * - acknowledges QoS 1 before the message is stored, and stores a QoS 2 identifier and its message apart: a kill -9 in
 *   between loses what was acknowledged. Here both are one transaction, and the acknowledgement comes after it.
 * - numbers messages before it stores them, and drops at the subscriber whatever arrives with a lower number: with
 *   a database that takes its time, messages overtake each other and vanish. Here they are numbered and handed out
 *   in one order.
 * - makes publishers, a hundred messages in all, wait for the slowest subscriber. Here nobody waits for others.
 * - forwards messages to a returning client before it has had its CONNACK and its queue. Here they wait in the queue, or
 *   for so long in memory if they go with quality of service 0.
 * - looks every four minutes for wills of other brokers that have died, by messages that are not published here, and
 *   would take its own clients for dead. Here there is one broker, which publishes old wills when it opens.
 * - may go by any one of overlapping subscriptions. Here by the one with the largest quality of service
 *   (MQTT 3.1.1 §3.3.5).
 */
export class OrderedAedes extends Aedes {
  readonly #persistence: Persistence;
  /** Packets that are stored and handed out already, so that aedes' own call for them does nothing. */
  readonly #accepted = new WeakSet<object>();
  readonly #opening = new WeakMap<Client, Opening>();
  #unstored = 0;

  constructor(options: AedesOptions, persistence: Persistence) {
    // `concurrency: 0`: without a limit that slow subscribers of one account could use up for all.
    super({ ...options, concurrency: 0, persistence });
    this.#persistence = persistence;
    this.on('clientReady', (client) => void this.#goLive(client as InsideClient));
    // These two come before an acknowledgement is sent: of QoS 1, and of QoS 2.
    const authorise = this.authorizePublish;
    this.authorizePublish = (client, packet, answer) => {
      authorise.call(this, client, packet, (error) => {
        if (error || packet.qos !== 1) answer(error);
        else void this.#acceptAndAnswer(packet, client, answer);
      });
    };
    persistence.storeIncoming = (packet, clientId, changes) => this.#accept(packet, clientId, changes);
  }

  get #inside(): InsideAedes {
    return this as unknown as InsideAedes;
  }

  override async listen(): Promise<void> {
    await super.listen();
    clearInterval(this.#inside._clearWillInterval);
  }

  /** @param clientOrDone as in aedes itself, which passes the publisher second, or nobody */
  override publish(packet: unknown, clientOrDone?: unknown, done?: unknown): void {
    const client = typeof clientOrDone === 'function' ? null : (clientOrDone as Client | null | undefined);
    const finished = ((typeof clientOrDone === 'function' ? clientOrDone : done) ??
      (() => undefined)) as Done;
    const message = packet as Packet;
    // Aedes' news of itself: nobody may subscribe to it.
    if (message.topic.startsWith('$SYS/')) return finished();
    if (this.#accepted.has(message)) return finished();
    if (message.qos > 0) {
      void this.#acceptAndAnswer(message, client ?? null, finished);
      return;
    }
    if (message.retain) {
      this.#persistence.line
        .add(this.#persistence.changesFor(message, client?.id))
        .catch((error: unknown) => this.emit('error', error));
    }
    this.#unstored += 1;
    this.#handOut(message, client?.id, { brokerId: this.id + UNSTORED, brokerCounter: this.#unstored });
    finished();
  }

  /** Calls with errors that are nobody's in particular, such as the database's. */
  onFailure(listener: (error: unknown) => void): void {
    EventEmitter.prototype.on.call(this, 'error', listener);
  }

  /** What was published is for the relay itself: it is acknowledged, and goes to nobody. */
  keepBack(packet: object): void {
    this.#accepted.add(packet);
  }

  /** Notes a client that is being connected: messages for it wait in its queue until it is ready. */
  opening(client: Client): void {
    this.#opening.set(client, { missed: false, held: [], heldBytes: 0 });
    this.#goByLargestQos(client as InsideClient);
  }

  /** May a message be handed to the client now? False: it is still being connected, and gets it from its queue. */
  isLive(client: Client): boolean {
    const opening = this.#opening.get(client);
    if (opening === undefined) return true;
    opening.missed = true;
    return false;
  }

  /** A connection that was taken over does not take its successor out of the table when it ends. */
  unregisterClient(client: InsideClient): void {
    if (this.#inside.clients[client.id] !== client) return;
    const base = Aedes.prototype as unknown as { unregisterClient(client: Client): void };
    base.unregisterClient.call(this, client);
  }

  /** Stores a message for all who shall have it, with `more` in the same transaction, then hands it out. */
  async #accept(
    packet: Packet,
    publisher: string | undefined,
    more: readonly MessageChange[],
  ): Promise<void> {
    if (this.#accepted.has(packet)) return this.#persistence.line.add(more);
    this.#accepted.add(packet);
    this.#inside.counter += 1;
    const number = { brokerId: this.id, brokerCounter: this.#inside.counter };
    const changes = this.#persistence.changesFor({ ...packet, ...number }, publisher);
    await this.#persistence.line.add([...changes, ...more]);
    this.#handOut(packet, publisher, number);
  }

  async #acceptAndAnswer(packet: Packet, client: Client | null, answer: Done): Promise<void> {
    let failure: Error | null = null;
    try {
      await this.#accept(packet, client?.id, []);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    answer(failure);
  }

  #handOut(
    { topic, payload, qos, retain }: Packet,
    clientId: string | undefined,
    number: { brokerId: string; brokerCounter: number },
  ): void {
    const packet: Packet = { cmd: 'publish', topic, payload, qos, retain, dup: false, ...number };
    if (clientId !== undefined) packet.clientId = clientId;
    this.#inside.mq.emit(packet, (error) => {
      if (error) this.emit('error', error);
    });
    this.emit('publish', packet, null);
  }

  /** What came into the client's queue while it was read, until nothing comes any more. */
  async #deliverMissed(client: InsideClient, opening: Opening): Promise<void> {
    for (let after = 0; ; ) {
      if (!opening.missed || client.closed || client.clean) return;
      opening.missed = false;
      const page: QueuedMessage[] = await this.#persistence.unsent(client.id, after);
      for (const message of page) {
        after = message.place;
        opening.missed = true;
        await this.#deliver(client, { cmd: 'publish', dup: false, ...message });
      }
    }
  }

  /** The client has its CONNACK and its old queue; now what came for it meanwhile, then it is live. */
  async #goLive(client: InsideClient): Promise<void> {
    const opening = this.#opening.get(client);
    try {
      if (opening !== undefined) await this.#deliverMissed(client, opening);
    } catch (error) {
      this.emit('error', error);
      client.close();
    }
    this.#opening.delete(client);
    for (const message of opening?.held ?? []) {
      allowAgain(client, message);
      client.deliver0(message, () => undefined);
    }
  }

  async #deliver(client: InsideClient, message: Packet): Promise<void> {
    const opening = this.#opening.get(client);
    this.#opening.delete(client);
    allowAgain(client, message);
    const sent = new Promise<void>((resolve) => client.deliverQoS(message, () => resolve()));
    if (opening !== undefined) this.#opening.set(client, opening);
    await sent;
  }

  /** Keeps a message for a client that is being connected; false: it is not, or does not read what it has. */
  #hold(client: InsideClient, packet: Packet): boolean {
    const opening = this.#opening.get(client);
    const size = packet.payload.length + packet.topic.length;
    if (opening === undefined || opening.heldBytes + size > UNREAD_BYTES_MAX) return false;
    opening.heldBytes += size;
    opening.held.push(packet);
    return true;
  }

  #goByLargestQos(client: InsideClient): void {
    const { deliver0, deliverQoS } = client;
    client.deliver0 = (packet, done) => {
      if (isRepetition(client, packet)) return void setImmediate(done);
      if (packet.qos > 0 && largestQos(client, packet.topic) > 0) client.deliverQoS(packet, done);
      else if (this.#hold(client, packet)) done();
      else deliver0(packet, done);
    };
    client.deliverQoS = (packet, done) => {
      if (isRepetition(client, packet)) return void setImmediate(done);
      const qos = Math.min(packet.qos, largestQos(client, packet.topic)) as 0 | 1 | 2;
      if (qos === 0) client.deliver0(packet, done);
      else deliverQoS(qos === packet.qos ? packet : Object.assign(packet, { qos }), done);
    };
  }
}

/** The message came by another of the client's subscriptions: each is called, and looking for the largest costs all. */
function isRepetition(client: InsideClient, { brokerId, brokerCounter = 0 }: Packet): boolean {
  return Boolean(brokerId) && (client.duplicates[brokerId ?? ''] ?? 0) >= brokerCounter;
}

/** When a message was held back, the client's filter against repetitions may have taken note of a later one. */
function allowAgain(client: InsideClient, { brokerId, brokerCounter = 0 }: Packet): void {
  if (brokerId !== undefined) client.duplicates[brokerId] = brokerCounter - 1;
}

function largestQos(client: InsideClient, topic: string): number {
  let qos = 0;
  for (const [filter, subscription] of Object.entries(client.subscriptions)) {
    if (subscription !== undefined && subscription.qos > qos && matches(filter, topic))
      qos = subscription.qos;
  }
  return qos;
}
