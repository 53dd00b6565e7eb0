import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import mqtt, { type MqttClient } from 'mqtt';
import { ConfigError } from '../config/index.ts';
import type { Broker } from './broker.ts';

/** The answer to CONNECT has this long. */
const CONNACK_TIMEOUT_MS = 15_000;
/** As often as an agent's other links ask for a sign of life; mqtt.js ends the connection at half as long again. */
const KEEPALIVE_SECONDS = 20;

/** Begins MQTT on an open stream, for one connection, which does not come back by itself. */
export function connectBroker({ user, password }: Broker, stream: Duplex): MqttClient {
  return new mqtt.MqttClient(() => stream, {
    ...{ username: user, password: password.reveal(), clientId: `agent-${randomBytes(6).toString('hex')}` },
    ...{ clean: true, reconnectPeriod: 0, queueQoSZero: false, protocolVersion: 4 },
    ...{ keepalive: KEEPALIVE_SECONDS, connectTimeout: CONNACK_TIMEOUT_MS },
  });
}

/** CONNACK codes (MQTT 3.1.1 §3.2.2.3), as this relay means them. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  [1, 'it does not speak MQTT 3.1.1: is this a Porchlight relay?'],
  [2, 'it takes no client id of ours: is this a Porchlight relay?'],
  [3, 'there were too many tries, or too many connections: wait a minute'],
  [
    4,
    'user or password is wrong, or the credential was revoked: make MQTT credentials on the page of the device at the relay',
  ],
  [5, 'this device is blocked: its owner can let it in again at the relay'],
]);

/** CONNACK codes that trying again does not change. */
const LASTING = new Set<unknown>([4, 5]);

export interface BrokerTrouble {
  readonly error: ConfigError;
  /** Only a person can lift it. */
  readonly lasting: boolean;
}

/** What an error of MQTT itself means, in words with a mend. */
export function brokerTrouble(error: Error, { url, user }: Pick<Broker, 'url' | 'user'>): BrokerTrouble {
  const code: unknown = Reflect.get(error, 'code');
  const { host } = new URL(url);
  const known = REFUSALS.get(code);
  if (known !== undefined) {
    const options = { cause: error, kind: 'refused' } as const;
    return {
      error: new ConfigError(`${host} refuses ${user}: ${known}`, options),
      lasting: LASTING.has(code),
    };
  }
  return {
    error: new ConfigError(
      `${host} gave no answer that is MQTT (${error.message}): check the port, or try again later`,
      { cause: error, kind: 'unreachable' },
    ),
    lasting: false,
  };
}
