import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type ErrorCode, PorchlightError } from '@porchlight/protocol';
import { CommandError } from '../../command-error.ts';

/** Connections at once: as many as the relay lets one account have. */
const CONNECTIONS_MAX = 64;
/** For so long a connection waits for a device or relay that is away; browsers and databases wait no longer. */
const PATIENCE_MS = 30_000;
/** Pause before the first further try, and the longest; each is as long again as the one before. */
const AGAIN_FIRST_MS = 250;
const AGAIN_MAX_MS = 4_000;
/** What passes by itself. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'device_offline',
  'device_timeout',
  'relay_unreachable',
  'busy',
  'service_unknown',
]);

export interface LocalPortParts {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly open: (options: { signal: AbortSignal; onWaiting: (text: string) => void }) => Promise<Duplex>;
  /** Something that the person should know. */
  readonly tell: (text: string) => void;
  /** Counts have changed. */
  readonly onChange: () => void;
}

/** A port of this machine, each connection of which becomes one to a device. */
export class LocalPort {
  readonly #parts: LocalPortParts;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #total = 0;
  #bytes = 0;
  /** What was told last of a device that cannot be reached; undefined: it can. */
  #trouble: string | undefined;

  constructor(parts: LocalPortParts) {
    this.#parts = parts;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#serve(socket).catch((error: unknown) => {
        parts.tell(error instanceof Error ? error.message : String(error));
      });
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('drop', () =>
      parts.tell(`more than ${CONNECTIONS_MAX} connections at once: one was refused`),
    );
  }

  get open(): number {
    return this.#sockets.size;
  }

  get total(): number {
    return this.#total;
  }

  /** Of both directions, of connections that have ended. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Listens; gives the port. @throws CommandError */
  async listen(): Promise<number> {
    const { host, port } = this.#parts;
    try {
      this.#server.listen(port, host);
      await once(this.#server, 'listening');
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new CommandError(`port ${port} of ${host} cannot be used (${code})`, {
        hint: 'choose another: LOCAL:REMOTE, or 0:REMOTE for any free one',
        cause,
      });
    }
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the port and its connections. Idempotent. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #serve(socket: net.Socket): Promise<void> {
    this.#sockets.add(socket);
    this.#total += 1;
    this.#parts.onChange();
    const gone = new AbortController();
    socket.on('error', () => gone.abort());
    socket.once('close', () => gone.abort());
    try {
      const stream = await this.#reach(gone.signal);
      // Each way ends by itself; an error of one ends both.
      await Promise.allSettled([pipeline(socket, stream), pipeline(stream, socket)]);
      stream.destroy();
    } catch (error) {
      if (!gone.signal.aborted) this.#say(error instanceof Error ? error.message : String(error));
      // As a port does behind which nothing listens.
      socket.resetAndDestroy();
    } finally {
      socket.destroy();
      this.#sockets.delete(socket);
      this.#bytes += socket.bytesRead + socket.bytesWritten;
      this.#parts.onChange();
    }
  }

  /** Tries as long as the cause may pass and somebody waits. */
  async #reach(signal: AbortSignal): Promise<Duplex> {
    const until = performance.now() + PATIENCE_MS;
    for (let wait = AGAIN_FIRST_MS; ; wait = Math.min(wait * 2, AGAIN_MAX_MS)) {
      try {
        const stream = await this.#parts.open({ signal, onWaiting: this.#parts.tell });
        if (this.#trouble !== undefined) this.#parts.tell('connected again');
        this.#trouble = undefined;
        return stream;
      } catch (error) {
        const passes = error instanceof PorchlightError && PASSING.has(error.code);
        if (signal.aborted || !passes || performance.now() > until) throw error;
        this.#say(`${error.message}; trying again`);
      }
      await pause(wait, undefined, { signal });
    }
  }

  /** Each trouble once. */
  #say(text: string): void {
    if (this.#trouble === text) return;
    this.#trouble = text;
    this.#parts.tell(text);
  }
}
