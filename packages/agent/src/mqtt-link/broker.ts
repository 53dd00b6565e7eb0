import type { Secret } from '../config/index.ts';

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

/** What the address of a broker asks for. */
export interface BrokerPlace {
  readonly host: string;
  readonly port: number;
  /** `host:port`, for people. */
  readonly text: string;
  readonly tls: boolean;
  readonly webSocket: boolean;
}

/** IANA's ports for MQTT and HTTP, each without and with TLS. */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['mqtt:', 1883],
  ['mqtts:', 8883],
  ['ws:', 80],
  ['wss:', 443],
]);

export function placeOf(broker: Pick<Broker, 'url'>): BrokerPlace {
  const { protocol, hostname, port: given } = new URL(broker.url);
  const port = given === '' ? (PORTS.get(protocol) ?? 8883) : Number(given);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    text: `${hostname}:${port}`,
    tls: protocol === 'mqtts:' || protocol === 'wss:',
    webSocket: protocol === 'ws:' || protocol === 'wss:',
  };
}
