import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLanNonce, LAN_PROOF_PATH } from '@porchlight/protocol/lan';
import type { Clock } from '../clock.ts';
import { signStatement } from './proof.ts';

/** Connections at the same time; each asks one question. */
const CONNECTIONS_MAX = 32;
/** A request is one line and a few fields. */
const REQUEST_MAX_MS = 5_000;
/** Proofs in one second, for all who ask: a signature takes a small device about a millisecond. */
const PROOFS_PER_SECOND = 20;

export interface LanDoorParts {
  /** Private key of the device in OpenSSH's format. */
  readonly privateKey: string;
  /** Name of the device, for people. */
  readonly device: () => string;
  /** Origins of the services that are open on the LAN, for whoever came to this host. */
  readonly services: (host: string) => ReadonlyMap<string, string>;
  readonly clock: Clock;
}

/**
 * Proves on the LAN that this is the device: signs what is asked with the device's key, and tells where its services
 * are there. It gives nothing else away and takes no part in what is then sent to a service.
 */
export class LanDoor {
  readonly #parts: LanDoorParts;
  readonly #server: http.Server;
  #second = 0;
  #proofs = 0;

  constructor(parts: LanDoorParts) {
    this.#parts = parts;
    this.#server = http.createServer(
      { requestTimeout: REQUEST_MAX_MS, headersTimeout: REQUEST_MAX_MS, maxHeaderSize: 4096 },
      (req, res) => this.#answer(req, res),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Gives the port. Rejects when it cannot be had. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const query = req.url?.startsWith(`${LAN_PROOF_PATH}?`) === true ? req.url.split('?')[1] : undefined;
    const nonce = new URLSearchParams(query).get('nonce') ?? '';
    const host = ownHost(req);
    if (req.method !== 'GET' || query === undefined) return send(res, 404, 'There is nothing here');
    if (!isLanNonce(nonce)) return send(res, 400, 'A nonce has 16 to 64 letters, digits, - or _');
    // Somebody elsewhere who passes the question on would prove an address that is not ours.
    if (host === undefined) return send(res, 421, 'Ask by the address of this device');
    if (!this.#mayProve()) return send(res, 429, 'Too many ask at once');
    const { privateKey, device, services } = this.#parts;
    const said = {
      device: device(),
      nonce,
      door: `http://${host}`,
      services: services(host.replace(/:\d+$/, '')),
    };
    send(res, 200, signStatement(privateKey, said), 'application/json');
  }

  #mayProve(): boolean {
    const second = Math.floor(this.#parts.clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#proofs = 0;
    }
    this.#proofs += 1;
    return this.#proofs <= PROOFS_PER_SECOND;
  }
}

/** The Host header, when it is the address and port that the connection came to. */
function ownHost({ headers, socket }: IncomingMessage): string | undefined {
  const address = socket.localAddress?.replace(/^::ffff:/, '');
  const own = `${address?.includes(':') === true ? `[${address}]` : address}:${socket.localPort}`;
  return headers.host === own ? own : undefined;
}

function send(res: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  res.end(body);
}
