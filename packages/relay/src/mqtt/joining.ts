import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import { type DeviceRecord, newKeylessFingerprint } from '../devices/index.ts';
import { JOIN_REQUEST_LIFE_MS } from '../enrolment/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { MqttCredentials } from './credentials/credentials.ts';
import { JOIN_PREFIX } from './logins.ts';
import type { MqttConnection, MqttMessage, MqttWatcher } from './mqtt-connection.ts';

/** Where a client asks to be let in, and where it gets its answers. */
export const JOIN_REQUEST_TOPIC = `${JOIN_PREFIX}request`;
export const JOIN_ANSWER_TOPIC = `${JOIN_PREFIX}answer`;
/** Longest request, in bytes: a name, an account and a token. */
const REQUEST_MAX = 1024;
/** A joining client is ended after this, answered or not. */
const CONNECTION_LIFE_MS = JOIN_REQUEST_LIFE_MS + 60_000;

/** What a client says of itself. */
export interface JoinWish {
  readonly name: string;
  readonly account?: string | undefined;
  readonly token?: string | undefined;
}

interface Introduction extends JoinWish {
  readonly software: string;
}

export interface JoiningParts {
  /** Lets a device in by token or by a person, as over SSH: `key` is what the device is known by. */
  readonly admit: (
    client: { readonly key: { fingerprint: string; publicKey: string }; readonly address: string },
    introduction: Introduction,
    onWaiting: (waiting: { code: string; expiresAt: number; url: string; withdraw(): void }) => void,
  ) => Promise<
    | { readonly kind: 'device'; readonly device: DeviceRecord }
    | { readonly kind: 'refused'; readonly reason: string; readonly hint: string }
  >;
  readonly credentials: Pick<MqttCredentials, 'makeForDevice'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Join requests of MQTT clients. A client that signed in as `join` publishes its wish to `join/request`; to it alone go,
 * on `join/answer`, first the code that a person compares, then the answer, and once only its credentials.
 */
export class Joining implements MqttWatcher {
  readonly #parts: JoiningParts;
  readonly #asking = new Map<MqttConnection, { withdraw: () => void }>();
  readonly #deadlines = new Map<MqttConnection, () => void>();

  constructor(parts: JoiningParts) {
    this.#parts = parts;
  }

  up(connection: MqttConnection): void {
    if (connection.identity.kind !== 'join') return;
    const end = () => connection.end('its time to join is over');
    this.#deadlines.set(connection, this.#parts.clock.after(CONNECTION_LIFE_MS, end));
  }

  down(connection: MqttConnection): void {
    this.#deadlines.get(connection)?.();
    this.#deadlines.delete(connection);
    this.#asking.get(connection)?.withdraw();
    this.#asking.delete(connection);
  }

  message(connection: MqttConnection, { topic, payload }: MqttMessage): void {
    if (connection.identity.kind !== 'join' || topic !== JOIN_REQUEST_TOPIC) return;
    if (this.#asking.has(connection)) return;
    const wish = parseJoinWish(payload);
    if (wish === undefined) {
      const hint = 'Send a JSON object with "name", and "account" or "token" if you like.';
      return answer(connection, { state: 'refused', reason: 'The request is not understood', hint });
    }
    this.#asking.set(connection, { withdraw: () => undefined });
    this.#ask(connection, wish).catch((error: unknown) => {
      this.#parts.logger.error({ error }, 'MQTT join request failed');
      const { message, hint } = error instanceof PorchlightError ? error : new PorchlightError('internal');
      answer(connection, { state: 'refused', reason: message, hint });
    });
  }

  async #ask(connection: MqttConnection, wish: JoinWish): Promise<void> {
    // It has no key to be known by; this only tells its request from others.
    const key = { fingerprint: newKeylessFingerprint(), publicKey: '' };
    const client = { key, address: connection.address };
    const admitted = await this.#parts.admit(client, { ...wish, software: 'MQTT client' }, (waiting) => {
      const { code, url, expiresAt } = waiting;
      if (!this.#asking.has(connection)) return waiting.withdraw();
      this.#asking.set(connection, waiting);
      answer(connection, { state: 'waiting', code, url, expiresAt });
    });
    // Its connection has ended: the owner can still make credentials on the device's page.
    if (!this.#asking.delete(connection)) return;
    if (admitted.kind === 'refused') {
      const { reason, hint } = admitted;
      return answer(connection, { state: 'refused', reason, hint });
    }
    const { device } = admitted;
    const by = { accountId: device.accountId, actor: `device:${device.name}`, address: connection.address };
    const { secret } = await this.#parts.credentials.makeForDevice(by, device, 'made at joining');
    answer(connection, {
      state: 'allowed',
      username: device.name,
      password: secret,
      topics: `device/${device.name}/`,
    });
  }
}

/** Reads a join request: a JSON object, or nothing. Never throws. */
export function parseJoinWish(payload: Buffer): JoinWish | undefined {
  if (payload.length > REQUEST_MAX) return undefined;
  let wish: unknown;
  try {
    wish = payload.length === 0 ? {} : JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof wish !== 'object' || wish === null || Array.isArray(wish)) return undefined;
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(wish, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { name: text('name') ?? 'device', account: text('account'), token: text('token') };
}

function answer(connection: MqttConnection, message: object): void {
  connection.send(JOIN_ANSWER_TOPIC, JSON.stringify(message));
}
