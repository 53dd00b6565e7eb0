import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { openChannelPair } from '@porchlight/link';
import { AGENT_ERROR_HEADER, ERRORS, PorchlightError } from '@porchlight/protocol';

/** Channels of one device: as many as the pools open to two services. */
const CHANNELS_MAX = 256;

/**
 * The far end of the channels of a device that speaks MQTT: an HTTP/1.1 server inside the relay, so that nothing else
 * in it has to know how the requests travel.
 */
export class ChannelServer {
  readonly #server: http.Server;
  /** Far ends, and the service that each is for. */
  readonly #channels = new Map<Duplex, string>();
  #closed = false;

  /** @param onRequest answers one request to a service, within a deadline of its own */
  constructor(onRequest: (req: IncomingMessage, res: ServerResponse, service: string) => void) {
    this.#server = http.createServer({
      // Idle channels are the pools'.
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
      noDelay: false,
      maxHeaderSize: 32 * 1024,
    });
    this.#server.maxHeadersCount = 0;
    const take = (req: IncomingMessage, res: ServerResponse): void => {
      const service = this.#channels.get(req.socket);
      if (service === undefined) res.destroy();
      else onRequest(req, res, service);
    };
    this.#server.on('request', take);
    this.#server.on('checkContinue', (req, res) => {
      res.writeContinue();
      take(req, res);
    });
    this.#server.on('upgrade', (_req, socket: Duplex) => socket.end(noWebSocket()));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  get size(): number {
    return this.#channels.size;
  }

  /** @throws PorchlightError `busy`, `device_offline` (it is closed) */
  open(service: string): Duplex {
    if (this.#closed) throw new PorchlightError('device_offline');
    if (this.#channels.size >= CHANNELS_MAX) {
      throw new PorchlightError('busy', 'Too many connections to this device are open');
    }
    const [near, far] = openChannelPair();
    this.#channels.set(far, service);
    far.once('close', () => this.#channels.delete(far));
    this.#server.emit('connection', far);
    return near;
  }

  /** Ends every channel. Idempotent. */
  close(): void {
    this.#closed = true;
    // What was just answered still gets through.
    setImmediate(() => {
      for (const channel of this.#channels.keys()) channel.destroy();
    });
    this.#server.close();
  }
}

function noWebSocket(): string {
  const { status, title } = ERRORS.no_web_socket;
  return `HTTP/1.1 ${status} ${title}\r\nContent-Length: 0\r\nConnection: close\r\n${AGENT_ERROR_HEADER}: no_web_socket\r\n\r\n`;
}
