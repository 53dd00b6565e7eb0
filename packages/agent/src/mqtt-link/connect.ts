import { randomBytes } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import type { Secret } from '../config/index.ts';
import { authorities } from '../link/index.ts';

/** TCP, TLS and CONNACK have this long. */
const CONNECT_TIMEOUT_MS = 15_000;
/** As often as an agent's other links ask for a sign of life; mqtt.js ends the connection at half as long again. */
const KEEPALIVE_SECONDS = 20;

/** Where the broker is, and who the device is there. */
export interface Broker {
  /** `mqtts://`, `wss://`, or without TLS on loopback. */
  readonly url: string;
  /** The device's name at the relay. */
  readonly user: string;
  readonly password: Secret;
  /** PEM of the authority to trust beside the system's. */
  readonly ca: string | undefined;
}

/** Begins one connection, which does not come back by itself. */
export function connectBroker({ url, user, password, ca }: Broker): MqttClient {
  return mqtt.connect(url, {
    ...{ username: user, password: password.reveal(), clientId: `agent-${randomBytes(6).toString('hex')}` },
    ...{ clean: true, reconnectPeriod: 0, queueQoSZero: false, protocolVersion: 4 },
    ...{ keepalive: KEEPALIVE_SECONDS, connectTimeout: CONNECT_TIMEOUT_MS },
    ...(ca === undefined ? {} : { ca: authorities(ca) }),
  });
}

/** Signs in and leaves again. @throws the reason why that does not work */
export async function signInOnce(broker: Broker): Promise<void> {
  const client = connectBroker(broker);
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('the connection was closed')));
    });
  } finally {
    // Without waiting for anything; what it then says of itself is nobody's.
    client.on('error', () => undefined);
    client.end(true);
  }
}
