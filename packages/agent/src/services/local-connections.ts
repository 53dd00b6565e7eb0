import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net, { type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isForbiddenAddress, type ServiceSettings } from '../config/index.ts';

/** A local server that takes longer to accept a connection counts as not answering. */
const CONNECT_DEADLINE_MS = 10_000;
/**
 * Connections to one local server at once. Small devices have few places, so that those between requests are not kept
 * for long; all of them are kept for that long, because under load opening one costs more than the request.
 */
const OPEN_MAX = 128;
const FREE_LIFE_MS = 10_000;

/** DNS look-up that never gives an address which no service may lead to (metadata, link-local, …). */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, options.all === true ? [] : '');
    const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address));
    const [first] = allowed;
    if (first === undefined) {
      const refusal: NodeJS.ErrnoException = new Error(
        `${hostname} leads to an address that is never exposed`,
      );
      refusal.code = 'EFORBIDDEN';
      return callback(refusal, options.all === true ? [] : '');
    }
    if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

/**
 * Opens a TCP connection to a service's target, with no delay set.
 * @throws Error when it does not accept in 10 s, or the signal aborts first
 */
export function connectLocally(service: ServiceSettings, signal: AbortSignal): Promise<Socket> {
  const { host, port } = service.target;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, lookup: guardedLookup, noDelay: true, allowHalfOpen: true });
    endUnconnected(socket, 'connect');
    const abort = (): void => void socket.destroy(new Error('stopped'));
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      resolve(socket);
    });
    socket.once('error', failed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** The pool of connections to one service's local server, over TLS if its target says so. */
export function createLocalAgent(service: ServiceSettings): http.Agent {
  const options = {
    keepAlive: true,
    maxFreeSockets: OPEN_MAX,
    maxSockets: OPEN_MAX,
    // Ends free connections only; a request that takes long is told, and does not listen.
    timeout: FREE_LIFE_MS,
    lookup: guardedLookup,
    noDelay: true,
  };
  const agent = service.target.tls
    ? new https.Agent({ ...options, rejectUnauthorized: !service.insecureSkipVerify })
    : new http.Agent(options);
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (connectOptions, created) => {
    const socket = create(connectOptions, created);
    if (socket instanceof net.Socket)
      endUnconnected(socket, service.target.tls ? 'secureConnect' : 'connect');
    return socket;
  };
  return agent;
}

/** @param connected the event that tells that it is connected, TLS included */
function endUnconnected(socket: Duplex, connected: 'connect' | 'secureConnect'): void {
  const timer = setTimeout(() => {
    socket.destroy(
      Object.assign(new Error('the local server did not accept the connection'), { code: 'ETIMEDOUT' }),
    );
  }, CONNECT_DEADLINE_MS);
  for (const event of [connected, 'close']) socket.once(event, () => clearTimeout(timer));
}
