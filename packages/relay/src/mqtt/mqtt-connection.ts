import type { Duplex } from 'node:stream';
import type { MqttIdentity } from './identity.ts';
import type { InsideClient } from './ordered-aedes.ts';
import { matches } from './topics.ts';

/** By which of the relay's doors a client came. */
export type MqttDoor = 'mqtt' | 'mqtts' | 'https' | 'websocket';

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** One MQTT client that has signed in, for as long as its connection lasts. */
export interface MqttConnection {
  readonly identity: MqttIdentity;
  /** As the client calls itself; unique within the scope of its identity. */
  readonly clientId: string;
  readonly address: string;
  readonly door: MqttDoor;
  /** ms since 1970. */
  readonly since: number;
  /** Bytes from the client so far. */
  readonly bytesIn: number;
  /** Bytes to the client so far; 0 inside a WebSocket. */
  readonly bytesOut: number;
  /** Bytes that wait because the client does not read. */
  readonly unsent: number;
  /** Has the client subscribed to a filter that matches? */
  subscribesTo(topic: string): boolean;
  /** Sends a message to this client alone, with quality of service 0; what it subscribes to does not matter. */
  send(topic: string, payload: Buffer | string): void;
  /** Ends the connection. Idempotent. */
  end(reason: string): void;
}

/** Who wants to know what MQTT clients do. Called in order; must not throw. */
export interface MqttWatcher {
  up?(connection: MqttConnection): void;
  down?(connection: MqttConnection, reason: string): void;
  /** A message that the client was allowed to publish, before it is handed on. */
  message?(connection: MqttConnection, message: MqttMessage): void;
}

/** The broker's side of a connection. */
export class LiveConnection implements MqttConnection {
  clientId = '';
  readonly address: string;
  readonly door: MqttDoor;
  readonly since: number;
  bytesIn = 0;
  /** It has had its CONNACK, and those who watch know of it. */
  ready = false;
  /** Why it ended, once somebody has said so. */
  reason: string | undefined;
  /** Set when the client has signed in. */
  #identity: MqttIdentity | undefined;
  readonly #client: InsideClient;
  readonly #stream: Duplex;
  readonly #onSignIn: () => void;

  constructor(parts: {
    client: InsideClient;
    stream: Duplex;
    address: string;
    door: MqttDoor;
    since: number;
    onSignIn: () => void;
  }) {
    this.#client = parts.client;
    this.#stream = parts.stream;
    this.address = parts.address;
    this.door = parts.door;
    this.since = parts.since;
    this.#onSignIn = parts.onSignIn;
  }

  get identity(): MqttIdentity {
    if (this.#identity === undefined) throw new Error('this client has not signed in');
    return this.#identity;
  }

  get signedIn(): boolean {
    return this.#identity !== undefined;
  }

  get bytesOut(): number {
    const written: unknown = Reflect.get(this.#stream, 'bytesWritten');
    return typeof written === 'number' ? written : 0;
  }

  get unsent(): number {
    return this.#stream.writableLength;
  }

  signIn(identity: MqttIdentity, clientId: string): void {
    this.#identity = identity;
    this.clientId = clientId;
    // Whoever asks to be let in has proven nothing, and keeps its place among those.
    if (identity.kind !== 'join') this.#onSignIn();
  }

  subscribesTo(topic: string): boolean {
    return Object.keys(this.#client.subscriptions).some((filter) => matches(filter, topic));
  }

  send(topic: string, payload: Buffer | string): void {
    // The library calls without looking whether there is anybody to be called.
    this.#client.publish(
      { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false },
      () => undefined,
    );
  }

  end(reason: string): void {
    this.reason ??= reason;
    this.#stream.destroy();
  }
}
