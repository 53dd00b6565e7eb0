import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ConfigError, systemErrorCode } from '../config/index.ts';
import { certificateTrouble, dialTcp, openWebSocket, overTls, proxyFor } from '../link/index.ts';
import { type Broker, type BrokerPlace, placeOf } from './broker.ts';

/** TCP with a proxy's answer, TLS, and a WebSocket's handshake have this long, each. */
const STEP_TIMEOUT_MS = 8_000;
/** IANA's name for MQTT in ALPN (RFC 7301 §6), by which the relay knows it on its HTTPS port. */
const ALPN_MQTT = 'mqtt';

export interface StreamOptions {
  /** Where a proxy may be named. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Opens the byte stream that MQTT is to be spoken on, through a proxy where the environment names one. @throws ConfigError */
export async function openBrokerStream(broker: Broker, options: StreamOptions): Promise<Duplex> {
  const place = placeOf(broker);
  const socket = await dialBroker(place, options);
  const carrier = place.tls ? await secure(socket, { place, ca: broker.ca, signal: options.signal }) : socket;
  return place.webSocket ? webSocketOn(carrier, broker.url, options.signal) : carrier;
}

/** @throws ConfigError: cause and mend */
export async function dialBroker(
  { host, port, text }: BrokerPlace,
  { environment, signal }: StreamOptions,
): Promise<Socket> {
  try {
    const proxy = proxyFor({ host, port }, environment);
    return await dialTcp({ host, port, proxy, timeoutMs: STEP_TIMEOUT_MS, signal });
  } catch (error) {
    throw dialTrouble(error, host, text);
  }
}

/** The name does not lead anywhere. */
export function nameTrouble(error: unknown, host: string): ConfigError {
  const code = systemErrorCode(error);
  return new ConfigError(
    `the name ${host} is not known (${code}): check the address, and the DNS of this device`,
    { cause: error, kind: 'unreachable' },
  );
}

function dialTrouble(error: unknown, host: string, text: string): ConfigError {
  const code = systemErrorCode(error);
  const options = { cause: error, kind: 'unreachable' } as const;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return nameTrouble(error, host);
  if (code === 'ECONNREFUSED') {
    const words = `nothing listens at ${text}: check the port, or whether the relay has MQTT open there`;
    return new ConfigError(words, options);
  }
  const detail = error instanceof Error && error.message !== '' ? error.message : code;
  return new ConfigError(
    `${text} cannot be reached (${detail}): something on the way is closed; try wss://${host}/mqtt, which looks like a web page`,
    options,
  );
}

/** TLS on the connection, with its handshake done. @throws ConfigError: cause and mend */
export async function secure(
  socket: Socket,
  wish: { readonly place: BrokerPlace; readonly ca: string | undefined; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  const { place, ca } = wish;
  const alpn = place.webSocket ? ['http/1.1'] : [ALPN_MQTT];
  const secured = overTls({ socket, host: place.host, ca, alpn });
  const signal = AbortSignal.any([wish.signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
  const abort = (): void => void secured.destroy(new Error('no answer to TLS'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new Error('the connection was closed')));
      if (signal.aborted) abort();
    });
    return secured;
  } catch (error) {
    socket.destroy();
    throw certificateTrouble(error, place.text) ?? tlsTrouble(error, place.text);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function tlsTrouble(error: unknown, text: string): ConfigError {
  const detail = error instanceof Error ? error.message : String(error);
  return new ConfigError(
    `TLS with ${text} does not come about (${detail}): check the port, which is 8883 for mqtts:// and that of the web pages for wss://`,
    { cause: error, kind: 'unreachable' },
  );
}

/** @throws ConfigError: cause and mend */
export async function webSocketOn(carrier: Duplex, url: string, signal: AbortSignal): Promise<Duplex> {
  try {
    return await openWebSocket({ url, subprotocol: 'mqtt', carrier, timeoutMs: STEP_TIMEOUT_MS, signal });
  } catch (error) {
    carrier.destroy();
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `there is no MQTT at ${url} (${detail}): the path is /mqtt, and a web server in front of the relay has to pass WebSockets on`,
      { cause: error, kind: 'unreachable' },
    );
  }
}
