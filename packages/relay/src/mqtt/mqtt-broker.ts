import type { Duplex } from 'node:stream';
import { mayPublish, mayReceive, maySubscribe, TOPIC_LEVELS_MAX } from '@porchlight/protocol/mqtt';
import type { Client } from 'aedes';
import type { Clock } from '../clock.ts';
import type { Logger } from '../telemetry/index.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { Admission } from './admission.ts';
import { Endings } from './endings.ts';
import type { MqttIdentity } from './identity.ts';
import {
  CONNECT_TIMEOUT_MS,
  DRAIN_TIMEOUT_MS,
  INCOMING_MAX,
  PUBLISH_RATE,
  SESSION_LIFE_MS,
  SUBSCRIBE_RATE,
  SUBSCRIPTIONS_MAX,
  UNREAD_BYTES_MAX,
} from './limits.ts';
import type { Logins } from './logins.ts';
import { measureIncoming } from './measure-incoming.ts';
import type { MessageStore } from './messages/message-store.ts';
import { Persistence, PRESENT } from './messages/persistence.ts';
import {
  LiveConnection,
  type MqttConnection,
  type MqttDoor,
  type MqttMessage,
  type MqttWatcher,
  SIGNED_OFF,
} from './mqtt-connection.ts';
import { type InsideClient, OrderedAedes } from './ordered-aedes.ts';
import { asLibraryError, toRefusal } from './refusals.ts';
import { RetainedLimit } from './retained-limit.ts';
import { Turns } from './turns.ts';

/** Lines in the log about what one client or address was refused: ten, then one a minute. */
const LOG_LINES = { capacity: 10, refillMs: 60_000 };
const SWEEP_MS = 3600_000;

export interface MqttBrokerParts {
  readonly store: MessageStore;
  readonly logins: Pick<Logins, 'identify'>;
  /** Takes a place among those that have not signed in; undefined: there are too many from this address. */
  readonly enter: (address: string) => (() => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The MQTT broker (3.1.1, and 3.1 as far as it differs). Everybody is confined to topics of their own: what a client
 * may publish, subscribe to and receive is asked for each packet. The listeners give it connections.
 */
export class MqttBroker {
  readonly #parts: MqttBrokerParts;
  readonly #persistence: Persistence;
  readonly #aedes: OrderedAedes;
  readonly #admission: Admission;
  readonly #live = new Map<Client, LiveConnection>();
  /** Known for longer than the connection lasts: a will comes after it. */
  readonly #identities = new WeakMap<Client, MqttIdentity>();
  /** How many connections of each scope are signed in. */
  readonly #counts = new Map<string, number>();
  /** By client id with its scope; of two with the same one the later. */
  readonly #byClientId = new Map<string, LiveConnection>();
  readonly #endings = new Endings();
  readonly #watchers: MqttWatcher[] = [];
  readonly #retained: RetainedLimit;
  readonly #publishing: Turns;
  readonly #subscribing: Turns;
  readonly #logLines: TokenBuckets;
  readonly #cancelSweep: () => void;

  /** Opens the broker: kept sessions are there again, and wills left by an earlier run are published. */
  static async open(parts: MqttBrokerParts): Promise<MqttBroker> {
    const broker = new MqttBroker(parts);
    await broker.#aedes.listen();
    await broker.#publishOldWills();
    return broker;
  }

  private constructor(parts: MqttBrokerParts) {
    this.#parts = parts;
    const { clock, logger, store, logins } = parts;
    this.#publishing = new Turns(PUBLISH_RATE, clock);
    this.#subscribing = new Turns(SUBSCRIBE_RATE, clock);
    this.#logLines = new TokenBuckets(LOG_LINES, clock);
    this.#persistence = new Persistence({
      store,
      clock,
      mayKeep: (clientId, topic) => this.#mayKeep(clientId, topic),
      onFull: (clientId) => this.#warn(clientId, { client: clientId }, 'MQTT queue full, message not kept'),
    });
    this.#retained = new RetainedLimit({
      count: (accountId) => this.#persistence.countRetained(accountId),
      has: (topic) => this.#persistence.hasRetained(topic),
    });
    this.#admission = new Admission({
      logins,
      persistence: this.#persistence,
      countOf: (scope) => this.#counts.get(scope) ?? 0,
    });
    this.#aedes = this.#createAedes();
    this.#cancelSweep = clock.every(SWEEP_MS, () => {
      this.#persistence
        .endSessions(clock.now() - SESSION_LIFE_MS)
        .catch((error: unknown) => logger.error({ error }, 'MQTT sessions not swept'));
    });
  }

  watch(watcher: MqttWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Clients that have signed in. */
  *connections(): Generator<MqttConnection> {
    for (const connection of this.#live.values()) if (connection.signedIn) yield connection;
  }

  /** Those of one account, its devices' included. */
  *connectionsOf(accountId: string): Generator<MqttConnection> {
    for (const connection of this.connections()) {
      if (connection.identity.accountId === accountId) yield connection;
    }
  }

  /** Takes a connection over. The caller has set its socket to send without delay. */
  accept(stream: Duplex, from: { readonly address: string; readonly door: MqttDoor }): void {
    stream.on('error', () => stream.destroy());
    const leave = this.#parts.enter(from.address);
    if (leave === undefined) {
      this.#warn(from.address, { ...from }, 'too many MQTT connections that have not signed in');
      stream.destroy();
      return;
    }
    const client = this.#aedes.handle(stream) as InsideClient;
    const connection = new LiveConnection({
      client,
      stream,
      ...from,
      since: this.#parts.clock.now(),
      onSignIn: leave,
    });
    this.#live.set(client, connection);
    measureIncoming(client, connection, {
      clock: this.#parts.clock,
      onFault: (fault) => this.#endFor(connection, fault),
    });
    stream.once('close', () => {
      leave();
      this.#ended(client, connection);
    });
  }

  /** Publishes in the relay's name; resolves when it is safe, and on its way. */
  publish(message: MqttMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#aedes.publish({ ...message }, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Ends connections whose rights have ended: what they have sent and what waits is not published any more, nor is
   * their will; who is just signing in is refused.
   */
  endWhere(which: (connection: MqttConnection) => boolean, reason: string): void {
    this.#endings.note({ which, reason });
    for (const [client, connection] of [...this.#live]) {
      if (!connection.signedIn || !which(connection)) continue;
      this.#endings.shut(client);
      connection.end(reason);
    }
  }

  /** False: there is no such connection, and nobody is signing in. */
  mayHave(which: (connection: MqttConnection) => boolean): boolean {
    if (this.#endings.somebodyArrives) return true;
    for (const connection of this.connections()) if (which(connection)) return true;
    return false;
  }

  /** Forgets kept sessions that went with their owner. */
  forgetSessions(which: (clientId: string) => boolean): void {
    this.#persistence.forgetWhere(which);
  }

  /** Ends all connections; resolves when what was acknowledged is written. Idempotent. */
  async close(): Promise<void> {
    this.#cancelSweep();
    for (const connection of this.#live.values()) connection.end('the relay stopped');
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await this.#persistence.destroy();
  }

  #createAedes(): OrderedAedes {
    const aedes = new OrderedAedes(
      {
        connectTimeout: CONNECT_TIMEOUT_MS,
        drainTimeout: DRAIN_TIMEOUT_MS,
        maxInflightInbound: INCOMING_MAX,
        maxTopicLevels: TOPIC_LEVELS_MAX,
        preConnect: (client, packet, answer) => {
          this.#admission.note(client, packet);
          answer(null, true);
        },
        authenticate: (client, user, password, answer) => {
          this.#signIn(client as InsideClient, user ?? '', password?.toString() ?? '').then(
            () => answer(null, true),
            (error: unknown) => answer(asLibraryError(toRefusal(error)), false),
          );
        },
        authorizePublish: (client, packet, answer) => {
          this.#authorisePublish(client, packet as MqttMessage).then(
            () => answer(null),
            (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
          );
        },
        authorizeSubscribe: (client, subscription, answer) => {
          this.#subscribingInTurn(client as InsideClient).then(
            () =>
              answer(
                null,
                this.#maySubscribe(client as InsideClient, subscription.topic) ? subscription : null,
              ),
            (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
          );
        },
        authorizeForward: (client, packet) =>
          this.#mayForward(client, packet as MqttMessage) ? packet : null,
      },
      this.#persistence,
    );
    const noteReason = (client: Client, error: Error): void => {
      const connection = this.#live.get(client);
      if (connection !== undefined) connection.reason ??= error.message;
    };
    aedes.on('clientError', noteReason);
    aedes.on('connectionError', noteReason);
    aedes.on('clientReady', (client) => this.#ready(client));
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#live.get(client)?.granted.delete(filter);
    });
    aedes.on('subscribe', (_filters, client) => this.#subscribed(client));
    aedes.on('unsubscribe', (_filters, client) => this.#subscribed(client));
    aedes.onFailure((error) => this.#parts.logger.error({ error }, 'MQTT broker failed'));
    return aedes;
  }

  async #signIn(client: InsideClient, user: string, password: string): Promise<void> {
    const connection = this.#live.get(client);
    if (connection === undefined) throw new Error('the connection has ended');
    const { address, door } = connection;
    const given = client.id;
    const arrival = this.#endings.arrive();
    try {
      const identity = await this.#admission.admit(client, user, password, address);
      if (client.closed) throw new Error('the connection has ended');
      connection.signIn(identity, given);
      this.#identities.set(client, identity);
      this.#counts.set(identity.scope, (this.#counts.get(identity.scope) ?? 0) + 1);
      this.#byClientId.set(client.id, connection);
      arrival.settle(client, connection);
      this.#aedes.opening(client);
    } catch (error) {
      const { returnCode, message } = toRefusal(error);
      connection.reason ??= message;
      this.#warn(address, { address, door, user, returnCode, why: message }, 'MQTT client refused');
      throw error;
    } finally {
      arrival.over();
    }
  }

  #ready(client: Client): void {
    const connection = this.#live.get(client);
    if (connection?.signedIn !== true || connection.ready) return;
    connection.ready = true;
    const { address, door, clientId, identity } = connection;
    this.#parts.logger.info({ who: identity.label, clientId, address, door }, 'MQTT client connected');
    for (const watcher of this.#watchers) watcher.up?.(connection);
  }

  #subscribed(client: Client): void {
    const connection = this.#live.get(client);
    // The end of a connection unsubscribes, too.
    if (connection?.ready !== true || (client as InsideClient).closed) return;
    for (const watcher of this.#watchers) watcher.subscribed?.(connection);
  }

  #ended(client: InsideClient, connection: LiveConnection): void {
    this.#live.delete(client);
    if (!connection.signedIn) return;
    if (this.#byClientId.get(client.id) === connection) this.#byClientId.delete(client.id);
    const { scope } = connection.identity;
    const left = (this.#counts.get(scope) ?? 1) - 1;
    if (left > 0) this.#counts.set(scope, left);
    else this.#counts.delete(scope);
    if (!connection.ready) return;
    const reason = connection.reason ?? (client._disconnected ? SIGNED_OFF : 'the connection was lost');
    const { clientId, identity } = connection;
    this.#parts.logger.info({ who: identity.label, clientId, reason }, 'MQTT client disconnected');
    for (const watcher of this.#watchers) watcher.down?.(connection, reason);
  }

  /** @throws Error when the client may not; the connection ends then, as MQTT 3.1.1 has no other no ([MQTT-3.3.5-2]) */
  async #authorisePublish(client: Client | null, message: MqttMessage): Promise<void> {
    // Wills of an earlier run: they were judged when they were left.
    if (client === null) return;
    const connection = this.#live.get(client);
    // A will is published when the connection has ended.
    const identity = this.#identities.get(client);
    if (identity === undefined) throw new Error('the client has not signed in');
    this.#endings.refuse(client);
    if (!mayPublish(identity.prefixes, message.topic)) {
      if (connection !== undefined) this.#endFor(connection, 'it published to a topic that is not its own');
      throw new Error('not its own topic');
    }
    // Its first message may be here before the library has said that it is: nobody shall hear of it before its sender.
    this.#ready(client);
    await this.#publishing.next(identity.scope);
    this.#endings.refuse(client);
    if (message.retain && message.payload.length > 0 && identity.accountId !== undefined) {
      const { topic, payload } = message;
      if (!(await this.#retained.take(identity.accountId, topic, payload.length))) {
        if (connection !== undefined) this.#endFor(connection, 'its account has too many retained messages');
        throw new Error('too many retained messages');
      }
    }
    if (connection === undefined) return;
    if (identity.kind === 'join') this.#aedes.keepBack(message);
    for (const watcher of this.#watchers) watcher.message?.(connection, message);
  }

  /** Subscriptions of a kept session that is taken up again wait for nothing: they read nothing that is retained. */
  async #subscribingInTurn(client: InsideClient): Promise<void> {
    const connection = this.#live.get(client);
    if (connection?.signedIn === true && client.connackSent)
      await this.#subscribing.next(connection.identity.scope);
  }

  /** What is refused is answered with 0x80 in the SUBACK (MQTT 3.1.1 §3.9.3). */
  #maySubscribe(client: InsideClient, topic: string): boolean {
    const connection = this.#live.get(client);
    if (connection?.signedIn !== true) return false;
    if (topic === PRESENT) return false;
    const { label, prefixes } = connection.identity;
    const { granted } = connection;
    const full = !granted.has(topic) && granted.size >= SUBSCRIPTIONS_MAX;
    if (!full && maySubscribe(prefixes, topic)) {
      granted.add(topic);
      return true;
    }
    const why = full ? `${SUBSCRIPTIONS_MAX} subscriptions already` : 'not its own topic';
    this.#warn(label, { who: label, topic: topic.slice(0, 100), why }, 'MQTT subscription refused');
    return false;
  }

  #mayKeep(clientId: string, topic: string): boolean {
    return this.#byClientId.get(clientId)?.granted.has(topic) === true;
  }

  #mayForward(client: Client, message: MqttMessage): boolean {
    const connection = this.#live.get(client);
    if (connection?.signedIn !== true || !mayReceive(connection.identity.prefixes, message.topic))
      return false;
    // From its queue: it is read as fast as the client reads, and what is refused here would be dropped for good.
    if ('messageId' in message && message.messageId !== undefined) return true;
    const { label } = connection.identity;
    const live = this.#aedes.isLive(client);
    // What is kept for it waits in its queue; of the rest a part is held for it, and no more than that.
    if (!live && message.qos > 0) return false;
    if (live && connection.unsent <= UNREAD_BYTES_MAX) return true;
    if (message.qos > 0) this.#endFor(connection, 'it does not read what is sent to it');
    else this.#warn(label, { who: label }, 'MQTT message dropped, the client does not read');
    return false;
  }

  async #publishOldWills(): Promise<void> {
    for (const { clientId, topic, payload, qos, retain } of await this.#persistence.oldWills()) {
      await this.publish({ topic, payload, qos, retain });
      await this.#persistence.delWill({ id: clientId });
    }
  }

  #endFor(connection: LiveConnection, reason: string): void {
    const who = connection.signedIn ? connection.identity.label : connection.address;
    this.#warn(who, { who, address: connection.address, reason }, 'MQTT client ended');
    connection.end(reason);
  }

  #warn(key: string, fields: Record<string, unknown>, event: string): void {
    if (this.#logLines.take(key) === 0) this.#parts.logger.warn(fields, event);
  }
}
