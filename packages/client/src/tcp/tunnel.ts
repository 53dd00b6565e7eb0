import { PorchlightError } from '@porchlight/protocol';
import {
  parseTunnelSay,
  ReceiveWindow,
  SendWindow,
  TUNNEL_CLOSED,
  TUNNEL_MESSAGE_MAX,
  type TunnelAsk,
} from '@porchlight/protocol/tunnel';
import { problemError } from '../errors/index.ts';

type Settle = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** What the tunnel hears while it is opened. */
export interface TunnelHopes {
  readonly onOpen: () => void;
  readonly onFail: (error: unknown) => void;
  readonly onWaiting: ((waiting: { readonly dueAt: number }) => void) | undefined;
}

/** One TCP connection to a device, to be read and written piece by piece. */
export interface Tunnel {
  /** The next bytes; undefined: the device sends no more. @throws PorchlightError when it was cut off */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves once the bytes are on their way: as fast as the device takes them. @throws PorchlightError */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more is written, as TCP's FIN; the device may still send. */
  end(): void;
  /** Cuts it off. Idempotent. */
  destroy(error?: unknown): void;
  /** Resolves when the connection is gone, in order or not. */
  readonly closed: Promise<void>;
}

/** A TCP connection in a WebSocket through the relay. */
export class WebSocketTunnel implements Tunnel {
  readonly #socket: WebSocket;
  readonly #hopes: TunnelHopes;
  readonly #send = new SendWindow();
  readonly #receive = new ReceiveWindow();
  readonly #queue: Uint8Array[] = [];
  #reader: Settle | undefined;
  #writer: Settle | undefined;
  #open = false;
  #ended = { here: false, there: false };
  /** Why nothing passes any more; undefined: it does. */
  #failure: { readonly error: unknown } | undefined;
  readonly closed: Promise<void>;
  #onClosed: () => void = () => undefined;

  constructor(socket: WebSocket, hopes: TunnelHopes) {
    this.#socket = socket;
    this.#hopes = hopes;
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#hear(data));
    socket.addEventListener('close', () => {
      if (!(this.#ended.here && this.#ended.there)) this.#fail(cutOff(this.#open));
      this.#onClosed();
    });
  }

  /** The next bytes; undefined: the device sends no more. @throws PorchlightError when it was cut off */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        const told = this.#receive.passedOn(next.length);
        if (told > 0) this.#say({ type: 'taken', bytes: told });
        return next;
      }
      if (this.#ended.there) return undefined;
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve, reject) => {
        this.#reader = { resolve, reject };
      });
    }
  }

  /** Resolves once the bytes are on their way: as fast as the device takes them. @throws PorchlightError */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const length = Math.min(this.#send.room, TUNNEL_MESSAGE_MAX, bytes.length - at);
      if (length > 0) {
        this.#send.sent(length);
        this.#socket.send(bytes.slice(at, at + length));
        at += length;
      } else {
        await new Promise<void>((resolve, reject) => {
          this.#writer = { resolve, reject };
        });
      }
    }
  }

  /** Nothing more is written, as TCP's FIN; the device may still send. */
  end(): void {
    if (this.#ended.here || this.#failure !== undefined) return;
    this.#ended.here = true;
    this.#say({ type: 'end' });
  }

  /** Cuts it off. Idempotent. */
  destroy(
    error: unknown = new PorchlightError('service_unreachable', 'The connection was closed here'),
  ): void {
    this.#fail(error);
    this.#socket.close(TUNNEL_CLOSED.inOrder);
  }

  #hear(data: unknown): void {
    if (this.#failure !== undefined) return;
    if (typeof data === 'string') return this.#act(data);
    const bytes = new Uint8Array(data as ArrayBuffer);
    if (this.#ended.there || !this.#receive.received(bytes.length)) return this.#refuse();
    this.#queue.push(bytes);
    this.#wakeReader();
  }

  #act(text: string): void {
    const said = parseTunnelSay(text);
    switch (said?.type) {
      case 'waiting':
        return this.#hopes.onWaiting?.({ dueAt: said.dueAt });
      case 'open':
        this.#open = true;
        return this.#hopes.onOpen();
      case 'taken': {
        this.#send.taken(said.bytes);
        const writer = this.#writer;
        this.#writer = undefined;
        return writer?.resolve();
      }
      case 'end':
        this.#ended.there = true;
        return this.#wakeReader();
      case 'error':
        return this.#fail(problemError(said.problem, 0) ?? cutOff(this.#open));
      case undefined:
        return this.#refuse();
    }
  }

  #say(ask: TunnelAsk): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(ask));
  }

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve();
  }

  #refuse(): void {
    this.destroy(
      new PorchlightError('bad_answer', 'The relay sent what does not belong into a TCP connection'),
    );
  }

  /** What came before stays readable. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#hopes.onFail(error);
    this.#reader?.reject(error);
    this.#writer?.reject(error);
    this.#reader = undefined;
    this.#writer = undefined;
  }
}

function cutOff(wasOpen: boolean): PorchlightError {
  return wasOpen
    ? new PorchlightError('service_unreachable', 'The connection to the device was cut off')
    : new PorchlightError('relay_unreachable', 'The relay did not open a WebSocket');
}
