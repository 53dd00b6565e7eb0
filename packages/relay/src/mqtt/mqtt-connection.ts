import type { Duplex } from 'node:stream';
import { newId } from '../secrets.ts';
import type { MqttIdentity } from './identity.ts';
import type { InsideClient } from './ordered-aedes.ts';

/** By which of the relay's doors a client came. */
export type MqttDoor = 'mqtt' | 'mqtts' | 'https' | 'websocket';

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** Why a connection ended that its client has ended itself, by a DISCONNECT. */
export const SIGNED_OFF = 'it signed off';

/** One MQTT client that has signed in, for as long as its connection lasts. */
export interface MqttConnection {
  /** Of this connection alone. */
  readonly id: string;
  readonly identity: MqttIdentity;
  /** As the client calls itself; unique within the scope of its identity. */
  readonly clientId: string;
  readonly address: string;
  readonly door: MqttDoor;
  /** ms since 1970. */
  readonly since: number;
  /** Bytes of MQTT packets from the client so far; what TLS and WebSockets add is not counted. */
  readonly bytesIn: number;
  /** Bytes of MQTT packets to the client so far, those that wait included. */
  readonly bytesOut: number;
  /** Bytes that wait because the client does not read. */
  readonly unsent: number;
  /** How many filters the client has subscribed to. */
  readonly subscriptions: number;
  /** Has the client subscribed to this very filter? */
  hasFilter(filter: string): boolean;
  /** Sends a message to this client alone, with quality of service 0; what it subscribes to does not matter. */
  send(topic: string, payload: Buffer | string): void;
  /** Ends the connection. Idempotent. */
  end(reason: string): void;
}

/** Who wants to know what MQTT clients do. Called in order; must not throw. */
export interface MqttWatcher {
  up?(connection: MqttConnection): void;
  down?(connection: MqttConnection, reason: string): void;
  /** It has subscribed or unsubscribed since it came; before that see {@link MqttConnection.hasFilter}. */
  subscribed?(connection: MqttConnection): void;
  /** A message that the client was allowed to publish, before it is handed on. */
  message?(connection: MqttConnection, message: MqttMessage): void;
}

/** The broker's side of a connection. */
export class LiveConnection implements MqttConnection {
  readonly id = newId();
  clientId = '';
  readonly address: string;
  readonly door: MqttDoor;
  readonly since: number;
  bytesIn = 0;
  bytesOut = 0;
  /** It has had its CONNACK, and those who watch know of it. */
  ready = false;
  /** Filters that it was allowed, and has not given up. */
  readonly granted = new Set<string>();
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
    this.#countWritten(parts.stream);
  }

  get identity(): MqttIdentity {
    if (this.#identity === undefined) throw new Error('this client has not signed in');
    return this.#identity;
  }

  get signedIn(): boolean {
    return this.#identity !== undefined;
  }

  get unsent(): number {
    return this.#stream.writableLength;
  }

  get subscriptions(): number {
    return Object.keys(this.#client.subscriptions).length;
  }

  signIn(identity: MqttIdentity, clientId: string): void {
    this.#identity = identity;
    this.clientId = clientId;
    // Whoever asks to be let in has proven nothing, and keeps its place among those.
    if (identity.kind !== 'join') this.#onSignIn();
  }

  hasFilter(filter: string): boolean {
    return Object.hasOwn(this.#client.subscriptions, filter);
  }

  send(topic: string, payload: Buffer | string): void {
    // Without a number, by which the library would take earlier messages that are still being stored for repetitions.
    // It calls without looking whether there is anybody to be called.
    this.#client.deliver0(
      { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false },
      () => undefined,
    );
  }

  end(reason: string): void {
    this.reason ??= reason;
    this.#stream.destroy();
  }

  /** Counted here, since of what a stream has written each kind of stream has an idea of its own, and some have none. */
  #countWritten(stream: Duplex): void {
    const write = stream.write.bind(stream) as (chunk: unknown, ...more: unknown[]) => boolean;
    stream.write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
      this.bytesOut += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
      return write(chunk, ...more);
    };
  }
}
