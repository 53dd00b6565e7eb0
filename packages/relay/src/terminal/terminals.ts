import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import { WebSocketServer } from 'ws';
import { authorise, type Identities, type SessionIdentity, sessionOf } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EventBus, RelayEvent } from '../events.ts';
import type { DevicePorts } from '../forward/index.ts';
import { refuseUpgrade } from '../publish/index.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { Terminal } from './terminal.ts';

/** Terminals of one account at the same time: each holds a channel, and up to about 1 MB. */
const PER_ACCOUNT_MAX = 10;
/** How often an account may open one. */
const OPENINGS = { capacity: 20, refillMs: 3_000 };
/** Another process may have ended a session, such as `porchlight relay user password` beside the relay. */
const LOOK_MS = 20_000;
/** Largest message of a browser: a private key, or a piece of what is pasted. */
const MESSAGE_MAX = 64 * 1024;
const PATH = /^\/api\/devices\/([a-z0-9]{1,40})\/terminal$/;

export interface TerminalsParts {
  readonly identities: Pick<Identities, 'identify' | 'bySession'>;
  readonly devices: Pick<DeviceStore, 'byId'>;
  readonly ports: DevicePorts;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** How an upgrade request came. */
export interface TerminalArrival {
  readonly address: string;
  readonly secure: boolean;
  /** Origin of the console on this listener: what its own pages send. */
  readonly consoleOrigin: string;
}

/** The terminals that are open in browsers; each ends with the session, device or account that it stands on. */
export class Terminals {
  readonly #parts: TerminalsParts;
  readonly #open = new Set<Terminal>();
  readonly #openings: TokenBuckets;
  readonly #stops: (() => void)[];
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX,
  });

  constructor(parts: TerminalsParts) {
    this.#parts = parts;
    this.#openings = new TokenBuckets(OPENINGS, parts.clock);
    this.#stops = [
      parts.events.subscribe((event) => this.#hear(event)),
      parts.clock.every(LOOK_MS, () => {
        for (const terminal of this.#open) this.#check(terminal);
      }),
    ];
  }

  get size(): number {
    return this.#open.size;
  }

  /** True for the path of a terminal, whatever the device. */
  static isPath(url: string): boolean {
    return PATH.test(url);
  }

  /** Opens a terminal over an upgrade request, or refuses it on its socket. Never throws. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, arrival: TerminalArrival): void {
    // Read until it is taken up, its end would not be noticed; the bytes stay in the socket.
    this.#admit(req, arrival)
      .then(({ identity, device }) => {
        if (socket.destroyed) return;
        this.#server.handleUpgrade(req, socket, head, (websocket) => {
          const terminal = new Terminal({
            socket: websocket,
            identity,
            device,
            address: arrival.address,
            port: req.socket.remotePort ?? 0,
            ports: this.#parts.ports,
            audit: this.#parts.audit,
            clock: this.#parts.clock,
          });
          this.#open.add(terminal);
          websocket.once('close', () => this.#open.delete(terminal));
          // The session may have ended while the request was looked at.
          this.#check(terminal);
        });
      })
      .catch((error: unknown) => {
        const known =
          error instanceof PorchlightError
            ? error
            : new PorchlightError('internal', undefined, { cause: error });
        refuseUpgrade(socket, known);
      });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const terminal of this.#open) terminal.end(new PorchlightError('device_offline', 'The relay stops'));
    this.#server.close();
  }

  async #admit(
    req: IncomingMessage,
    arrival: TerminalArrival,
  ): Promise<{ identity: SessionIdentity; device: DeviceRecord }> {
    // Pages of devices are same-site: only the console's own may use its cookie. Browsers always send Origin here.
    if (req.headers.origin !== arrival.consoleOrigin) throw new PorchlightError('cross_site');
    const identity = await this.#parts.identities.identify(req.headers, arrival.secure);
    if (identity.kind === 'anonymous') throw new PorchlightError('not_signed_in');
    const [, id = ''] = PATH.exec(req.url ?? '') ?? [];
    const device = await this.#parts.devices.byId(identity.accountId, id);
    if (device === undefined) throw new PorchlightError('not_found', 'There is no such device');
    const session = sessionOf(
      authorise(identity, 'device:shell', { accountId: device.accountId, deviceId: device.id }),
    );
    const own = [...this.#open].filter((one) => one.identity.accountId === identity.accountId).length;
    if (own >= PER_ACCOUNT_MAX) throw new PorchlightError('busy', `Close one of your ${own} terminals first`);
    const wait = this.#openings.take(identity.accountId);
    if (wait > 0) {
      throw new PorchlightError('too_many_requests', undefined, {
        detail: { retryAfter: Math.ceil(wait / 1000) },
      });
    }
    return { identity: session, device };
  }

  /** Ends a terminal whose session is no more. A database that fails is asked again. */
  #check(terminal: Terminal): void {
    const { accountId, sessionId } = terminal.identity;
    this.#parts.identities.bySession(accountId, sessionId).then(
      ({ kind }) => {
        if (kind === 'anonymous') terminal.end(new PorchlightError('not_signed_in', 'You were signed out'));
      },
      (error: unknown) => this.#parts.onError(error),
    );
  }

  #hear(event: RelayEvent): void {
    switch (event.type) {
      case 'sessions-ended':
        return this.#endWhere(
          ({ identity }) => event.sessionIds.includes(identity.sessionId),
          new PorchlightError('not_signed_in', 'You were signed out'),
        );
      case 'account-removed':
        return this.#endWhere(
          ({ identity }) => identity.accountId === event.accountId,
          new PorchlightError('not_signed_in', 'The account was removed'),
        );
      case 'device-removed':
        return this.#endWhere(
          ({ deviceId }) => deviceId === event.deviceId,
          new PorchlightError('not_found', 'The device was removed'),
        );
      default:
    }
  }

  #endWhere(which: (terminal: Terminal) => boolean, error: PorchlightError): void {
    for (const terminal of this.#open) if (which(terminal)) terminal.end(error);
  }
}
