import type { Duplex } from 'node:stream';
import { mayPublish, mayReceive, maySubscribe, TOPIC_LEVELS_MAX } from '@porchlight/protocol/mqtt';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';
import type { LanDevices } from '../devices/index.ts';
import { Rates } from '../rates.ts';
import type { BaseStationUsers } from '../users/index.ts';
import {
  type InsideClient,
  LanConnection,
  type LanDoor,
  labelOf,
  nodeIn,
  prefixOf,
} from './lan-connection.ts';
import {
  CLIENT_ID_MAX,
  CONNECT_TIMEOUT_MS,
  CONNECTIONS_MAX,
  CONNECTIONS_OF,
  DRAIN_TIMEOUT_MS,
  INCOMING_MAX,
  LOG_LINES,
  PUBLISH_RATE_OF,
  STRANGERS_PER_ADDRESS_MAX,
  SUBSCRIPTIONS_OF,
  UNREAD_BYTES_MAX,
} from './limits.ts';
import { measurePackets } from './measure-packets.ts';
import { RetainedCount } from './retained-count.ts';
import { type BrokerClient, CONNACK, ConnectRefusal, SignIn } from './sign-in.ts';

/** A message that its client was allowed to publish. */
export interface LanMessage {
  readonly who: BrokerClient;
  readonly address: string;
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
}

export interface LanBrokerParts {
  readonly devices: Pick<LanDevices, 'signIn' | 'byId' | 'claimNode'>;
  readonly users: Pick<BaseStationUsers, 'signIn' | 'byName'>;
  readonly baseTopic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called in order, before the message is handed on; must not throw. */
  onMessage(message: LanMessage): void;
}

/** A connection is over before its turn came. */
class Over extends Error {}

/**
 * The base station's MQTT broker (3.1.1), in memory. A device is confined to the node that it claimed, a program to the
 * base topic. Sessions and queues are not kept for those who are away, and subscriptions have quality of service 0:
 * what a house of sensors says is said again.
 */
export class LanBroker {
  readonly #parts: LanBrokerParts;
  readonly #aedes: Aedes;
  readonly #signIn: SignIn;
  /** Known for longer than the connection lasts: a will comes after it. */
  readonly #known = new WeakMap<Client, LanConnection>();
  readonly #connects = new WeakMap<Client, ConnectPacket>();
  readonly #live = new Set<LanConnection>();
  readonly #rates: Readonly<Record<BrokerClient['kind'], Rates>>;
  readonly #lines: Rates;
  readonly #retained = new RetainedCount();

  static async open(parts: LanBrokerParts): Promise<LanBroker> {
    const broker = new LanBroker(parts);
    await broker.#aedes.listen();
    return broker;
  }

  private constructor(parts: LanBrokerParts) {
    this.#parts = parts;
    const now = () => parts.clock.monotonic();
    this.#signIn = new SignIn({ devices: parts.devices, users: parts.users, now });
    this.#rates = {
      device: new Rates(PUBLISH_RATE_OF.device, now),
      user: new Rates(PUBLISH_RATE_OF.user, now),
    };
    this.#lines = new Rates(LOG_LINES, now);
    this.#aedes = this.#createAedes();
  }

  /** Clients that have signed in. */
  connections(): LanConnection[] {
    return [...this.#live].filter(({ who }) => who !== undefined);
  }

  accept(stream: Duplex, from: { readonly address: string; readonly door: LanDoor }): void {
    stream.on('error', () => stream.destroy());
    const strangers = [...this.#live].filter((one) => one.who === undefined && one.address === from.address);
    if (this.#live.size >= CONNECTIONS_MAX || strangers.length >= STRANGERS_PER_ADDRESS_MAX) {
      this.#warn(from.address, { ...from }, 'too many MQTT connections');
      stream.destroy();
      return;
    }
    const client = this.#aedes.handle(stream) as InsideClient;
    const connection = new LanConnection(stream, { ...from, since: this.#parts.clock.now() });
    this.#live.add(connection);
    this.#known.set(client, connection);
    measurePackets(client, connection, () => this.#parts.clock.monotonic());
    stream.once('close', () => {
      this.#live.delete(connection);
      const { who, clientId, endedFor } = connection;
      if (endedFor !== undefined) {
        this.#warn(from.address, { ...from, clientId, reason: endedFor }, 'MQTT client ended');
      } else if (who !== undefined) {
        this.#parts.logger.debug({ who: labelOf(who), clientId }, 'MQTT client gone');
      }
    });
  }

  /** Credentials have changed: ends at once what was signed in with others. */
  review(): void {
    for (const connection of this.#live) {
      if (connection.who !== undefined && !this.#signIn.isCurrent(connection.who)) {
        connection.end('its credentials were taken back or replaced');
      }
    }
  }

  /** Ends all connections. Idempotent. */
  async close(): Promise<void> {
    for (const connection of this.#live) connection.end('the base station stopped');
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  #createAedes(): Aedes {
    const aedes = new Aedes({
      // Without a limit that slow subscribers could use up for all.
      concurrency: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      drainTimeout: DRAIN_TIMEOUT_MS,
      maxInflightInbound: INCOMING_MAX,
      maxTopicLevels: TOPIC_LEVELS_MAX,
      preConnect: (client, packet, answer) => {
        packet.clean = true;
        this.#connects.set(client, packet);
        answer(null, true);
      },
      authenticate: (client, username, password, answer) => {
        this.#admit(client as InsideClient, username ?? '', password?.toString() ?? '').then(
          () => answer(null, true),
          (error: unknown) => answer(asLibraryError(error), false),
        );
      },
      authorizePublish: (client, packet, answer) => {
        if (client === null) return answer(null);
        this.#authorisePublish(client, packet).then(() => answer(null), answer);
      },
      authorizeSubscribe: (client, subscription, answer) => {
        this.#maySubscribe(client, subscription.topic).then(
          (may) => answer(null, may ? subscription : null),
          (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
        );
      },
      authorizeForward: (client, packet) => (this.#mayForward(client, packet.topic) ? packet : null),
    });
    const note = (client: Client, error: Error): void => {
      const connection = this.#known.get(client);
      this.#parts.logger.debug({ address: connection?.address, reason: error.message }, 'MQTT client');
    };
    aedes.on('clientError', note);
    aedes.on('connectionError', note);
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#known.get(client)?.filters.delete(filter);
    });
    return aedes;
  }

  /** @throws ConnectRefusal */
  async #admit(client: InsideClient, username: string, password: string): Promise<void> {
    const connection = this.#known.get(client);
    if (connection === undefined) throw new Over('the connection has ended');
    const given = this.#connects.get(client)?.clientId ?? '';
    try {
      if (given.length > CLIENT_ID_MAX || /\p{Cc}/u.test(given)) {
        throw new ConnectRefusal(
          CONNACK.clientId,
          `the client id is longer than ${CLIENT_ID_MAX} characters, or has others than printable ones`,
        );
      }
      const who = await this.#signIn.identify(username, password, connection.address);
      const will = this.#connects.get(client)?.will;
      if (will && !(await this.#owns(who, will.topic, 'publish'))) {
        throw new ConnectRefusal(CONNACK.notAuthorised, 'the will is for a topic that is not its own');
      }
      if (!this.#signIn.isCurrent(who)) throw new Over('its credentials have changed meanwhile');
      const others = this.connections().filter((one) => one.who && labelOf(one.who) === labelOf(who));
      const takesOver = given !== '' && others.some(({ clientId }) => clientId === given);
      if (others.length >= CONNECTIONS_OF[who.kind] && !takesOver) {
        throw new ConnectRefusal(CONNACK.unavailable, `there are ${others.length} connections of it already`);
      }
      // The same client id of another device is another client: nobody can take over somebody else's.
      client.id = `${labelOf(who)}/${client.id}`;
      connection.clientId = given;
      connection.who = who;
      this.#parts.logger.info(
        { who: nameOf(who), clientId: given, address: connection.address, door: connection.door },
        'MQTT client connected',
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const { address, door } = connection;
      this.#warn(address, { address, door, user: username.slice(0, 64), why }, 'MQTT client refused');
      throw error;
    }
  }

  /** @throws Error when it may not; the connection ends then, as MQTT 3.1.1 has no other no ([MQTT-3.3.5-2]) */
  async #authorisePublish(client: Client, packet: PublishPacket): Promise<void> {
    const connection = this.#known.get(client);
    const who = connection?.who;
    if (connection === undefined || who === undefined) throw new Over('it has not signed in');
    await this.#inTurn(who);
    if (!(await this.#owns(who, packet.topic, 'publish'))) {
      this.#refuse(connection, 'it published to a topic that is not its own', packet.topic);
    }
    if (connection.endedFor !== undefined || !this.#signIn.isCurrent(who)) throw new Over('it has ended');
    const payload = Buffer.from(packet.payload);
    if (packet.retain && !this.#retained.take(labelOf(who), who.kind, packet.topic, payload.length)) {
      this.#refuse(connection, 'it has too many retained messages, or too large a one', packet.topic);
    }
    const { address, clientId } = connection;
    this.#parts.onMessage({ who, address, clientId, topic: packet.topic, payload });
  }

  #refuse(connection: LanConnection, reason: string, topic: string): never {
    connection.end(`${reason}: ${topic.slice(0, 100)}`);
    throw new Over(reason);
  }

  /** Whoever is too fast waits here, and with it the reading of its connection. */
  async #inTurn(who: BrokerClient): Promise<void> {
    for (;;) {
      const wait = this.#rates[who.kind].waitFor(labelOf(who));
      if (wait === 0) return;
      await new Promise<void>((resolve) => this.#parts.clock.after(wait, resolve));
    }
  }

  /** What is refused is answered with 0x80 in the SUBACK (MQTT 3.1.1 §3.9.3). */
  async #maySubscribe(client: Client, filter: string): Promise<boolean> {
    const connection = this.#known.get(client);
    const who = connection?.who;
    if (connection === undefined || who === undefined) return false;
    const { filters } = connection;
    const isFull = !filters.has(filter) && filters.size >= SUBSCRIPTIONS_OF[who.kind];
    if (!isFull && (await this.#owns(who, filter, 'subscribe'))) {
      filters.add(filter);
      return true;
    }
    const why = isFull ? 'too many subscriptions' : 'not its own topic';
    const fields = { who: nameOf(who), topic: filter.slice(0, 100), why };
    this.#warn(labelOf(who), fields, 'MQTT subscription refused');
    return false;
  }

  /** Whether a topic is its own; the first one that a device names claims its node. */
  async #owns(who: BrokerClient, topic: string, to: 'publish' | 'subscribe'): Promise<boolean> {
    const { baseTopic, devices } = this.#parts;
    if (who.kind === 'user' && to === 'publish' && who.user.access === 'read') return false;
    const device = who.kind === 'device' ? devices.byId(who.device.id) : undefined;
    let prefix = prefixOf(who, baseTopic, device);
    if (prefix === undefined && device !== undefined) {
      const node = nodeIn(topic, baseTopic);
      if (node === undefined || !(await devices.claimNode(device.id, node))) return false;
      prefix = `${baseTopic}/${node}/`;
    }
    if (prefix === undefined) return false;
    return to === 'publish' ? mayPublish([prefix], topic) : maySubscribe([prefix], topic);
  }

  /** Asked for each message and receiver. */
  #mayForward(client: Client, topic: string): boolean {
    const connection = this.#known.get(client);
    if (connection?.who === undefined || connection.endedFor !== undefined) return false;
    const { baseTopic, devices } = this.#parts;
    const { who } = connection;
    const device = who.kind === 'device' ? devices.byId(who.device.id) : undefined;
    const prefix = prefixOf(who, baseTopic, device);
    if (prefix === undefined || !mayReceive([prefix], topic)) return false;
    if (connection.unread <= UNREAD_BYTES_MAX) return true;
    this.#warn(labelOf(who), { who: nameOf(who) }, 'MQTT message dropped, the client does not read');
    return false;
  }

  #warn(key: string, fields: Record<string, unknown>, event: string): void {
    if (this.#lines.take(key)) this.#parts.logger.warn(fields, event);
  }
}

function nameOf(who: BrokerClient): string {
  return who.kind === 'device' ? who.device.name : who.user.name;
}

function asLibraryError(error: unknown): AuthenticateError {
  const refusal = error instanceof ConnectRefusal ? error : undefined;
  const made = new Error(refusal?.message ?? 'the broker failed');
  return Object.assign(made, { returnCode: refusal?.returnCode ?? CONNACK.unavailable });
}
