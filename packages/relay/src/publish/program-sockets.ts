import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type PorchlightError, problemOf } from '@porchlight/protocol';
import {
  BEARER_SUBPROTOCOL,
  REFUSED_SUBPROTOCOL,
  SERVICE_SUBPROTOCOL,
  subprotocols,
  TUNNEL_CLOSED,
} from '@porchlight/protocol/tunnel';
import { WebSocketServer } from 'ws';

const OWN = 'porchlight.';

/** What a program's WebSocket request says to the relay beside what it says to the service. */
export interface ProgramSocket {
  /** It wants to hear inside a WebSocket why it is refused. */
  readonly hearsRefusal: boolean;
}

/**
 * Takes the relay's subprotocols off an upgrade request, so that the service does not see them. A token among them
 * counts as an `Authorization` header, which a browser cannot send with a WebSocket. Undefined: there are none.
 */
export function takeProgramSocket(req: IncomingMessage): ProgramSocket | undefined {
  const offered = subprotocols(req.headers['sec-websocket-protocol']);
  if (!offered.some((one) => one.startsWith(OWN))) return undefined;
  const left = offered.filter((one) => !one.startsWith(OWN)).join(', ');
  const raw: string[] = [];
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [req.rawHeaders[i], req.rawHeaders[i + 1]];
    if (name.toLowerCase() !== 'sec-websocket-protocol') raw.push(name, value);
  }
  if (left !== '') raw.push('Sec-WebSocket-Protocol', left);
  req.rawHeaders = raw;
  const bearer = offered.find((one) => one.startsWith(BEARER_SUBPROTOCOL));
  if (bearer !== undefined && req.headers.authorization === undefined) {
    req.headers.authorization = `Bearer ${bearer.slice(BEARER_SUBPROTOCOL.length)}`;
  }
  return { hearsRefusal: offered.includes(REFUSED_SUBPROTOCOL) };
}

/** A browser insists on one of the subprotocols that it offered: ours, when the service chose none. */
export function withServiceSubprotocol(fields: readonly string[]): string[] {
  const chosen = fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'sec-websocket-protocol');
  return chosen ? [...fields] : [...fields, 'Sec-WebSocket-Protocol', SERVICE_SUBPROTOCOL];
}

/** Nothing is read from these but their end. */
const refusals = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: 1024,
  handleProtocols: () => REFUSED_SUBPROTOCOL,
});

/** Opens the WebSocket only to say in it why it is refused. */
export function refuseInside(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  error: PorchlightError,
): void {
  if (socket.destroyed) return;
  refusals.handleUpgrade(req, socket, head, (websocket) => {
    websocket.on('error', () => websocket.terminate());
    websocket.send(JSON.stringify(problemOf(error)));
    websocket.close(TUNNEL_CLOSED.refused);
  });
}
