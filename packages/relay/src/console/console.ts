import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Identities } from '../access/index.ts';
import type { EmoncmsHttp } from '../adapters/index.ts';
import { type Api, isApiPath } from '../api/index.ts';
import { Tunnels } from '../forward/index.ts';
import type { LinkTransport } from '../links/index.ts';
import type { Origin } from '../listeners/index.ts';
import type { MqttWebSockets } from '../mqtt/index.ts';
import type { AuthorizationServer } from '../oauth/index.ts';
import {
  answerBearerPreflight,
  asPorchlightError,
  CONSOLE_SIGN_ON_PATH,
  isBearerPreflight,
  refuseUpgrade,
  type SignOnPages,
  sendFailure,
} from '../publish/index.ts';
import type { IncomingSocket } from '../ssh/index.ts';
import type { RelayMetrics } from '../telemetry/index.ts';
import { Terminals } from '../terminal/index.ts';
import type { InstallFiles } from './install-files.ts';
import { INSTALL_PATH } from './install-files.ts';
import type { StaticFiles } from './static-files.ts';

/** Path of the WebSocket that carries SSH for devices behind networks that let only real HTTPS out. */
export const LINK_WEBSOCKET_PATH = '/.well-known/porchlight/link';
/** Largest WebSocket message: an SSH packet has 35 000 bytes at most; senders may join some. */
const MESSAGE_MAX = 1024 * 1024;
/** Path of MQTT inside a WebSocket (MQTT 3.1.1 §6). */
const MQTT_PATH = '/mqtt';

export interface ConsoleParts {
  readonly api: Api;
  readonly identities: Identities;
  readonly signOnPages: SignOnPages;
  readonly dashboard: StaticFiles | undefined;
  readonly installFiles: InstallFiles;
  readonly onSsh: (socket: IncomingSocket, address: string, transport: LinkTransport) => void;
  readonly terminals: Terminals;
  readonly tunnels: Tunnels;
  /** Origin of the console on the listener that a request came to. */
  readonly originOf: (req: IncomingMessage) => string;
  readonly mqtt: MqttWebSockets;
  /** The HTTP side of the original emoncms server. */
  readonly emoncms: EmoncmsHttp;
  readonly oauth: AuthorizationServer;
  readonly meter: RelayMetrics['requests']['console'];
}

/** What answers at the bare domain: the API, the dashboard, sign-on, downloads, and SSH inside a WebSocket. */
export class Console {
  readonly #parts: ConsoleParts;
  readonly #websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX,
  });

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
  }

  handle(req: IncomingMessage, res: ServerResponse, origin: Origin): void {
    const { api, dashboard, identities, installFiles, meter, signOnPages } = this.#parts;
    const started = performance.now();
    res.on('close', () =>
      meter.count(res.headersSent ? res.statusCode : 0, (performance.now() - started) / 1000),
    );
    const url = req.url ?? '/';
    if (isApiPath(url)) {
      return isBearerPreflight(req) ? answerBearerPreflight(req, res) : api.handle(req, res);
    }
    const path = url.split('?', 1)[0] ?? '/';
    if (this.#parts.emoncms.isPath(path)) return this.#parts.emoncms.handle(req, res, origin);
    if (this.#parts.oauth.isPath(path)) return this.#parts.oauth.handle(req, res, origin);
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return sendFailure(req, res, new PorchlightError('not_found'));
    if (path === CONSOLE_SIGN_ON_PATH) {
      identities.identify(req.headers, origin.secure).then(
        (identity) => signOnPages.console(req, res, identity, origin.secure),
        (error: unknown) => sendFailure(req, res, asPorchlightError(error)),
      );
      return;
    }
    if (path.startsWith(INSTALL_PATH) && installFiles.send(res, path)) return;
    if (dashboard?.send(req, res, path) === true) return;
    sendFailure(req, res, new PorchlightError('not_found', 'There is nothing here'));
  }

  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, origin: Origin): void {
    if (req.url !== undefined && Terminals.isPath(req.url)) {
      const { originOf, terminals } = this.#parts;
      return terminals.upgrade(req, socket, head, { ...origin, consoleOrigin: originOf(req) });
    }
    if (req.url !== undefined && Tunnels.isPath(req.url)) {
      return this.#parts.tunnels.upgrade(req, socket, head, origin.address);
    }
    if (req.url === MQTT_PATH) return this.#parts.mqtt.upgrade(req, socket, head, origin.address);
    if (req.url !== LINK_WEBSOCKET_PATH) return refuseUpgrade(socket, new PorchlightError('not_found'));
    // Browsers always send Origin with a WebSocket: no page may open links.
    if (req.headers.origin !== undefined) return refuseUpgrade(socket, new PorchlightError('cross_site'));
    this.#websockets.handleUpgrade(req, socket, head, (websocket) => {
      this.#parts.onSsh(carrierOf(websocket, req.socket), origin.address, 'websocket');
    });
  }
}

/** A WebSocket as the byte stream that the SSH server takes; bytes are counted on its TCP connection. */
function carrierOf(websocket: WebSocket, socket: Socket): IncomingSocket & Duplex {
  const stream = createWebSocketStream(websocket);
  stream.on('error', () => stream.destroy());
  // It ends when the WebSocket is gone, and would then stay half open for ever.
  stream.on('end', () => stream.destroy());
  return Object.defineProperties(stream, {
    bytesRead: { get: () => socket.bytesRead },
    bytesWritten: { get: () => socket.bytesWritten },
    remoteAddress: { value: socket.remoteAddress },
  }) as unknown as IncomingSocket & Duplex;
}
