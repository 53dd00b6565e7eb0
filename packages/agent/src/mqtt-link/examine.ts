import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { rpcTopics } from '@porchlight/protocol/rpc';
import type { MqttClient } from 'mqtt';
import { ConfigError } from '../config/index.ts';
import { proxyFor } from '../link/index.ts';
import { type Broker, type BrokerPlace, placeOf } from './broker.ts';
import { brokerTrouble, connectBroker } from './connect.ts';
import { dialBroker, nameTrouble, type StreamOptions, secure, webSocketOn } from './stream.ts';

/** A message to oneself comes back within this, or does not. */
const ROUND_TRIP_MS = 10_000;

/** One thing to look at; `run` gives what was found. @throws ConfigError: cause and mend */
export interface BrokerStep {
  readonly what: string;
  run(): Promise<string>;
}

/**
 * What lies between this device and its broker, from the outside in; each step stands on the one before. `close` ends
 * the connection, however far it came.
 */
export function brokerSteps(
  broker: Broker,
  options: StreamOptions,
): { readonly steps: readonly BrokerStep[]; close(): void } {
  const { user, url, ca } = broker;
  const { signal } = options;
  const place = placeOf(broker);
  const closing: (() => void)[] = [];
  let socket: Socket;
  let stream: Duplex;
  let client: MqttClient;
  const opened = <Stream extends Duplex>(one: Stream): Stream => {
    // What it says of itself while it is closed is nobody's.
    closing.unshift(() => one.on('error', () => undefined).destroy());
    return one;
  };
  const steps: BrokerStep[] = [];
  const step = (what: string, run: () => Promise<string>): void => void steps.push({ what, run });
  step('name of the broker', () => resolveName(place, options.environment));
  step('port of the broker', async () => {
    const begun = performance.now();
    stream = socket = opened(await dialBroker(place, options));
    return `${place.text} is open, ${Math.round(performance.now() - begun)} ms`;
  });
  if (place.tls) {
    step('TLS of the broker', async () => {
      const secured = opened(await secure(socket, { place, ca, signal }));
      stream = secured;
      return certificateWords(secured);
    });
  }
  if (place.webSocket) {
    step('WebSocket of the broker', async () => {
      stream = opened(await webSocketOn(stream, url, signal));
      return `${url} takes MQTT`;
    });
  }
  step('credentials', async () => {
    client = connectBroker(broker, stream);
    client.on('error', () => undefined);
    closing.unshift(() => client.end(true));
    await signedIn(client, broker);
    return `the relay lets ${user} in`;
  });
  step('broker', async () => {
    await subscribe(client, rpcTopics(user).request, user);
    return `${user} may hear its requests`;
  });
  step('round trip', async () => `${await roundTrip(client, user, signal)} ms through the relay and back`);
  return {
    steps,
    close() {
      for (const end of closing.splice(0)) end();
    },
  };
}

async function resolveName(
  { host, port }: BrokerPlace,
  environment: StreamOptions['environment'],
): Promise<string> {
  const proxy = proxyFor({ host, port }, environment);
  if (proxy !== undefined) return `${host} is left to the proxy at ${proxy.host}:${proxy.port}`;
  if (isIP(host) !== 0) return `${host} is an address`;
  try {
    const found = await lookup(host, { all: true });
    return `${host} is ${found.map(({ address }) => address).join(', ')}`;
  } catch (error) {
    throw nameTrouble(error, host);
  }
}

function certificateWords(secured: TLSSocket): string {
  const { valid_to: until, issuer } = secured.getPeerCertificate();
  const by = [issuer?.O, issuer?.CN].flat().find((name) => name !== undefined);
  return `${secured.getProtocol() ?? 'TLS'}, certificate${by === undefined ? '' : ` by ${by}`} until ${until}`;
}

function signedIn(client: MqttClient, broker: Broker): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(brokerTrouble(error, broker).error);
    client.once('connect', () => resolve());
    client.once('error', fail);
    client.once('close', () => fail(new Error('the connection was closed')));
  });
}

/** @throws ConfigError when the relay says no, or hangs up */
async function subscribe(client: MqttClient, topic: string, user: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once('close', () => reject(new Error('the connection was closed')));
  client.subscribe(topic, { qos: 0 }, (error) => (error ? reject(error) : resolve()));
  try {
    await promise;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `the relay does not let ${user} hear ${topic} (${detail}): give the credentials of a device with just that name, which are made on its page`,
      { cause: error, kind: 'refused' },
    );
  }
}

/** ms that a message of the device takes to the relay's broker and back to itself. */
async function roundTrip(client: MqttClient, user: string, signal: AbortSignal): Promise<number> {
  const topic = `device/${user}/doctor/${randomBytes(6).toString('hex')}`;
  await subscribe(client, topic, user);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ROUND_TRIP_MS)]);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (): void => {
    const words = 'a message to itself did not come back: look into the log of the relay';
    reject(new ConfigError(words, { kind: 'unreachable' }));
  };
  deadline.addEventListener('abort', fail, { once: true });
  client.once('close', fail);
  client.on('message', (heard) => {
    if (heard === topic) resolve();
  });
  const begun = performance.now();
  client.publish(topic, 'round trip');
  await promise;
  return Math.round(performance.now() - begun);
}
