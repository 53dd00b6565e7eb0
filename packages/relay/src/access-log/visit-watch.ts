import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { type AccessEntry, LEFT_EARLY } from './access-entry.ts';
import type { AccessLog } from './access-log.ts';

/** What the relay found out of a request before it was answered. */
export interface Asked {
  readonly address: string;
  readonly secure: boolean;
  readonly host: string;
  readonly device: string;
  readonly service: string;
}

/** Who was let in, and to what. */
export interface LetIn {
  readonly device: string;
  readonly service: string;
  readonly user: string | undefined;
}

type Outcome = Pick<AccessEntry, 'status' | 'bytes' | 'aborted' | 'upgrade'>;

/** Watches requests to their end and gives each to the access log once. There is none where the log is off. */
export class VisitWatch {
  readonly #log: Pick<AccessLog, 'append'>;
  readonly #clock: Clock;
  readonly #letIn = new WeakMap<IncomingMessage, LetIn>();

  constructor(parts: { log: Pick<AccessLog, 'append'>; clock: Clock }) {
    this.#log = parts.log;
    this.#clock = parts.clock;
  }

  /** To be called before anything is answered. */
  begin(req: IncomingMessage, res: ServerResponse, asked: Asked): void {
    const finish = this.#finishLater(req, asked);
    const bytes = countBody(res);
    res.once('close', () => {
      const { headersSent, statusCode } = res;
      const status = headersSent ? statusCode : LEFT_EARLY;
      finish({ status, bytes: bytes(), aborted: !isWhole(res), upgrade: false });
    });
  }

  /** The same for a request that asks for another protocol. */
  beginUpgrade(req: IncomingMessage, socket: Duplex, asked: Asked): void {
    const finish = this.#finishLater(req, asked);
    const before = writtenOn(socket);
    const status = firstStatus(socket);
    socket.once('close', () => {
      const bytes = Math.max(0, writtenOn(socket) - before);
      finish({ status: status() ?? LEFT_EARLY, bytes, aborted: status() === undefined, upgrade: true });
    });
  }

  letIn(req: IncomingMessage, who: LetIn): void {
    this.#letIn.set(req, who);
  }

  #finishLater(req: IncomingMessage, asked: Asked): (outcome: Outcome) => void {
    const at = this.#clock.now();
    const started = this.#clock.monotonic();
    return (outcome) => {
      const { headers, httpVersion, method = '', url = '' } = req;
      const { device, service, user } = this.#letIn.get(req) ?? { ...asked, user: undefined };
      this.#log.append({
        ...asked,
        ...outcome,
        device,
        service,
        user,
        at,
        ms: this.#clock.monotonic() - started,
        method,
        target: url,
        httpVersion,
        referer: headers.referer,
        userAgent: headers['user-agent'],
      });
    };
  }
}

/** False when the visitor left, or the device failed, before the answer's end. A reset HTTP/2 stream calls itself finished. */
function isWhole(res: ServerResponse): boolean {
  const stream: unknown = Reflect.get(res, 'stream');
  const cut =
    typeof stream === 'object' &&
    stream !== null &&
    (Reflect.get(stream, 'aborted') === true || Number(Reflect.get(stream, 'rstCode') ?? 0) !== 0);
  return res.writableFinished && !cut;
}

/** Counts what is written into an answer. */
function countBody(res: ServerResponse): () => number {
  const { write, end } = res;
  let bytes = 0;
  let ending = false;
  res.write = ((...args: unknown[]) => {
    // HTTP/2's `end` writes its last chunk through here.
    if (!ending) bytes += sizeOf(args);
    return Reflect.apply(write, res, args);
  }) as typeof write;
  res.end = ((...args: unknown[]) => {
    ending = true;
    bytes += sizeOf(args);
    return Reflect.apply(end, res, args);
  }) as typeof end;
  return () => bytes;
}

function sizeOf([chunk, encoding]: readonly unknown[]): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
}

function writtenOn(socket: Duplex): number {
  return Number(Reflect.get(socket, 'bytesWritten') ?? 0);
}

/** The status in the first bytes that go out on a bare connection; then its methods are as they were. */
function firstStatus(socket: Duplex): () => number | undefined {
  const { write, end } = socket;
  let status: number | undefined;
  const look = (chunk: unknown): void => {
    if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) return;
    const head = typeof chunk === 'string' ? chunk.slice(0, 12) : chunk.toString('latin1', 0, 12);
    const found = /^HTTP\/1\.1 ([1-5]\d\d)/.exec(head)?.[1];
    if (found !== undefined) status = Number(found);
    Reflect.deleteProperty(socket, 'write');
    Reflect.deleteProperty(socket, 'end');
  };
  socket.write = ((...args: unknown[]) => {
    look(args[0]);
    return Reflect.apply(write, socket, args);
  }) as typeof write;
  socket.end = ((...args: unknown[]) => {
    look(args[0]);
    return Reflect.apply(end, socket, args);
  }) as typeof end;
  return () => status;
}
