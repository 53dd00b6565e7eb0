import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { joinStreams } from '@porchlight/link';
import { isServiceName, PorchlightError, problemOf } from '@porchlight/protocol';
import {
  BEARER_SUBPROTOCOL,
  subprotocols,
  TCP_SUBPROTOCOL,
  TUNNEL_CLOSED,
  TUNNEL_MESSAGE_MAX,
} from '@porchlight/protocol/tunnel';
import { type WebSocket, WebSocketServer } from 'ws';
import { authorise, bearerToken, type Identities } from '../../access/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { DeviceRecord, DeviceStore } from '../../devices/index.ts';
import type { EventBus, RelayEvent } from '../../events.ts';
import { addressKey, TokenBuckets } from '../../token-buckets.ts';
import type { DevicePorts, PortTarget } from '../device-ports.ts';
import { describeTarget } from '../port-target.ts';
import { type Program, TunnelNotes } from './tunnel-notes.ts';
import { TunnelStream } from './tunnel-stream.ts';

/** Tunnels of one account at the same time: a browser behind `porchlight forward` opens some dozens. */
const PER_ACCOUNT_MAX = 64;
/** How often an account may open one, and how often an address may ask. */
const OPENINGS = { capacity: 128, refillMs: 50 };
const ASKINGS = { capacity: 256, refillMs: 20 };
/** A client that answers neither of two of these is gone. */
const PING_MS = 30_000;
const PATH = /^\/api\/devices\/([a-z0-9]{1,40})\/tcp\?(service|port)=([a-z0-9-]{1,32})$/;
/** Longest wait for the device, whatever {@link DevicePorts} would wait: somebody sits in front of it. */
const PATIENCE_MS = 5.5 * 60_000;
/** Of personal tokens. */
const ACCESS_TOKEN_PREFIX = 'plt_';

export interface TunnelsParts {
  readonly identities: Pick<Identities, 'byAccessToken'>;
  readonly devices: Pick<DeviceStore, 'byId'>;
  readonly ports: DevicePorts;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

interface Tunnel {
  readonly person: Program;
  readonly token: string;
  readonly deviceId: string;
  readonly stream: TunnelStream;
  readonly end: (error: PorchlightError) => void;
  unanswered: number;
}

/** TCP connections of programs to devices, each in a WebSocket; they end with the token that they stand on. */
export class Tunnels {
  readonly #parts: TunnelsParts;
  readonly #open = new Map<WebSocket, Tunnel>();
  readonly #openings: TokenBuckets;
  readonly #askings: TokenBuckets;
  readonly #notes: TunnelNotes;
  readonly #stops: (() => void)[];
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: TUNNEL_MESSAGE_MAX,
    handleProtocols: (offered) => (offered.has(TCP_SUBPROTOCOL) ? TCP_SUBPROTOCOL : false),
  });

  constructor(parts: TunnelsParts) {
    this.#parts = parts;
    this.#openings = new TokenBuckets(OPENINGS, parts.clock);
    this.#askings = new TokenBuckets(ASKINGS, parts.clock);
    this.#notes = new TunnelNotes(parts);
    this.#stops = [
      parts.events.subscribe((event) => this.#hear(event)),
      parts.clock.every(PING_MS, () => this.#ping()),
    ];
  }

  get size(): number {
    return this.#open.size;
  }

  /** True for the path of a tunnel, whatever the device and however wrong the rest. */
  static isPath(url: string): boolean {
    return /^\/api\/devices\/[^/?]+\/tcp(?:\?|$)/.test(url);
  }

  /**
   * Opens a tunnel over an upgrade request. Whatever is refused is refused inside the WebSocket, since a browser's
   * program could not read it anywhere else. The token comes in `Authorization` or as a subprotocol, never as a cookie.
   */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    this.#server.handleUpgrade(req, socket, head, (websocket) => {
      const port = req.socket.remotePort ?? 0;
      websocket.on('error', () => websocket.terminate());
      this.#serve(req, websocket, { address, port }).catch((error: unknown) => {
        const known =
          error instanceof PorchlightError
            ? error
            : new PorchlightError('internal', undefined, { cause: error });
        if (known.code === 'internal') this.#parts.onError(error);
        refuse(websocket, known);
      });
    });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const { end } of this.#open.values()) end(new PorchlightError('busy', 'The relay stops'));
    this.#server.close();
  }

  async #serve(
    req: IncomingMessage,
    websocket: WebSocket,
    from: { address: string; port: number },
  ): Promise<void> {
    if (this.#askings.take(addressKey(from.address)) > 0) throw new PorchlightError('too_many_requests');
    const { id, target } = parsePath(req.url ?? '');
    const token = tokenOf(req);
    const { accountId } = await this.#personOf(token);
    const device = await this.#parts.devices.byId(accountId, id);
    // Last, so that what is revoked meanwhile opens nothing that nobody would end any more.
    const person = await this.#personOf(token);
    if (device === undefined) throw new PorchlightError('not_found', 'There is no such device');
    const service = 'service' in target ? target.service : undefined;
    authorise(person, 'device:reach', { accountId: device.accountId, deviceId: device.id, service });
    this.#takePlace(person.accountId);
    // It may have left, or said what it may not, while it was looked at.
    if (websocket.readyState !== websocket.OPEN) return;
    await this.#reach(websocket, { person, token: token ?? '', device, target, from });
  }

  /** @throws PorchlightError `not_signed_in`, `token_invalid` */
  async #personOf(token: string | undefined): Promise<Program> {
    if (token === undefined) throw new PorchlightError('not_signed_in');
    const identity = await this.#parts.identities.byAccessToken(token);
    if (identity.kind === 'access-token') return identity;
    throw new PorchlightError('token_invalid');
  }

  async #reach(
    websocket: WebSocket,
    { person, token, device, target, from }: Wish & { from: { address: string; port: number } },
  ): Promise<void> {
    const stream = new TunnelStream(websocket);
    const ended = new AbortController();
    const end = (error: PorchlightError): void => {
      refuse(websocket, error);
      stream.destroy(error);
    };
    this.#open.set(websocket, { person, token, deviceId: device.id, stream, end, unanswered: 0 });
    websocket.on('pong', () => {
      const tunnel = this.#open.get(websocket);
      if (tunnel !== undefined) tunnel.unanswered = 0;
    });
    websocket.once('close', () => {
      this.#open.delete(websocket);
      ended.abort();
    });
    const cancel = this.#parts.clock.after(PATIENCE_MS, () =>
      end(new PorchlightError('device_timeout', `${device.name} did not call home in time`)),
    );
    try {
      const channel = await this.#parts.ports.open(device, target, {
        from,
        signal: ended.signal,
        onWaiting: ({ dueAt }) => stream.say({ type: 'waiting', dueAt }),
      });
      if (stream.destroyed) {
        channel.destroy();
        return;
      }
      this.#notes.note(person, device, describeTarget(target), from.address);
      stream.say({ type: 'open' });
      stream.on('data', (chunk: Buffer) => stream.passedOn(chunk.length));
      joinStreams(stream, channel);
    } catch (error) {
      if (ended.signal.aborted) return;
      throw error;
    } finally {
      cancel();
    }
  }

  /** @throws PorchlightError `busy`, `too_many_requests` */
  #takePlace(accountId: string): void {
    const own = [...this.#open.values()].filter(({ person }) => person.accountId === accountId).length;
    if (own >= PER_ACCOUNT_MAX) {
      throw new PorchlightError('busy', `Close one of your ${own} connections to devices first`);
    }
    const wait = this.#openings.take(accountId);
    if (wait === 0) return;
    throw new PorchlightError('too_many_requests', undefined, {
      detail: { retryAfter: Math.ceil(wait / 1000) },
    });
  }

  #ping(): void {
    for (const [websocket, tunnel] of this.#open) {
      tunnel.unanswered += 1;
      if (tunnel.unanswered > 2) websocket.terminate();
      else websocket.ping();
      this.#check(tunnel);
    }
  }

  /**
   * Ends a tunnel whose personal token has run out, or was revoked by another process. An app's access token is good
   * for an hour only and is refreshed beside the tunnel: that ends with the app's grant.
   */
  #check({ token, end }: Tunnel): void {
    if (!token.startsWith(ACCESS_TOKEN_PREFIX)) return;
    this.#parts.identities.byAccessToken(token).then(
      ({ kind }) => {
        if (kind === 'anonymous') end(new PorchlightError('token_invalid'));
      },
      // A database that fails is asked again.
      (error: unknown) => this.#parts.onError(error),
    );
  }

  #hear(event: RelayEvent): void {
    switch (event.type) {
      case 'access-token-revoked':
        return this.#endWhere(
          ({ person }) => person.tokenId === event.tokenId,
          new PorchlightError('token_invalid', 'The access token was revoked'),
        );
      case 'account-removed':
        return this.#endWhere(
          ({ person }) => person.accountId === event.accountId,
          new PorchlightError('token_invalid', 'The account was removed'),
        );
      case 'device-removed':
        return this.#endWhere(
          ({ deviceId }) => deviceId === event.deviceId,
          new PorchlightError('not_found', 'The device was removed'),
        );
      default:
    }
  }

  #endWhere(which: (tunnel: Tunnel) => boolean, error: PorchlightError): void {
    for (const tunnel of this.#open.values()) if (which(tunnel)) tunnel.end(error);
  }
}

interface Wish {
  readonly person: Program;
  readonly token: string;
  readonly device: DeviceRecord;
  readonly target: PortTarget;
}

/** The token of a request; browsers can send it as a subprotocol only. */
function tokenOf(req: IncomingMessage): string | undefined {
  const bearer = bearerToken(req.headers.authorization);
  if (bearer !== undefined) return bearer;
  return subprotocols(req.headers['sec-websocket-protocol'])
    .find((one) => one.startsWith(BEARER_SUBPROTOCOL))
    ?.slice(BEARER_SUBPROTOCOL.length);
}

/** @throws PorchlightError `bad_request` */
function parsePath(url: string): { id: string; target: PortTarget } {
  const [, id = '', kind, value = ''] = PATH.exec(url) ?? [];
  if (kind === 'service' && isServiceName(value)) return { id, target: { service: value } };
  const port = Number(value);
  if (kind === 'port' && /^[1-9][0-9]{0,4}$/.test(value) && port <= 65_535) return { id, target: { port } };
  throw new PorchlightError('bad_request', 'Ask for ?service=NAME or ?port=NUMBER of a device');
}

function refuse(websocket: WebSocket, error: PorchlightError): void {
  if (websocket.readyState !== websocket.OPEN) return;
  websocket.send(JSON.stringify({ type: 'error', problem: problemOf(error) }));
  websocket.close(TUNNEL_CLOSED.refused);
}
