import { ERRORS, PorchlightError } from '@porchlight/protocol';
import { type TerminalAsk, type TerminalSay, terminalAsk } from '@porchlight/protocol/api';
import type { ClientChannel } from 'ssh2';
import type { RawData, WebSocket } from 'ws';
import type { SessionIdentity } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import type { DevicePorts } from '../forward/index.ts';
import { DeviceShell } from './device-shell.ts';

/** The first message comes with the WebSocket. */
const FIRST_MESSAGE_MS = 15_000;
/** From the connection to the shell: a person types, and sshd waits no longer (LoginGraceTime, 120 s). */
const AUTHENTICATION_MS = 120_000;
/** A browser that does not answer two of these is gone. */
const PING_MS = 30_000;
/** A terminal through which nothing has passed for so long was forgotten. */
const IDLE_MS = 12 * 3600_000;
/**
 * What the browser has not shown yet: beyond this the device's channel is not read any more, so that a flood waits on
 * the device (its window in ssh2 is 2 MB) and not in the relay's or the browser's memory.
 */
const UNSHOWN_MAX = 512 * 1024;
const UNSHOWN_LOW = 128 * 1024;
/** The largest binary message to a browser. */
const CHUNK_MAX = 64 * 1024;

/** WebSocket close codes: 1000 in order, and of the application's own range (RFC 6455 §7.4.2). */
export const CLOSED = { inOrder: 1000, goingAway: 1001, refused: 4000, ended: 4001 } as const;

export interface TerminalParts {
  readonly socket: WebSocket;
  readonly identity: SessionIdentity;
  readonly device: DeviceRecord;
  /** The person's address. */
  readonly address: string;
  readonly port: number;
  readonly ports: DevicePorts;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** One terminal in a browser: a WebSocket on this side, a shell over the device's own SSH server on the other. */
export class Terminal {
  readonly #parts: TerminalParts;
  readonly #abort = new AbortController();
  readonly #cancels: (() => void)[] = [];
  #cancelDeadline: () => void;
  #shell: DeviceShell | undefined;
  #channel: ClientChannel | undefined;
  #user = '';
  #openedAt: number | undefined;
  #unshown = 0;
  #pongs = 0;
  #quietSince: number;
  #ended = false;

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    const { socket, clock } = parts;
    this.#quietSince = clock.monotonic();
    this.#cancelDeadline = clock.after(FIRST_MESSAGE_MS, () =>
      this.#fail(new PorchlightError('bad_request', 'Nothing was asked for in time')),
    );
    this.#cancels.push(clock.every(PING_MS, () => this.#ping()));
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('pong', () => {
      this.#pongs = 0;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#end('the browser left'));
  }

  get identity(): SessionIdentity {
    return this.#parts.identity;
  }

  get deviceId(): string {
    return this.#parts.device.id;
  }

  /** Ends it from outside, with the reason for the person. */
  end(error: PorchlightError): void {
    this.#fail(error, CLOSED.ended);
  }

  #hear(data: RawData, isBinary: boolean): void {
    if (this.#ended) return;
    try {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
      if (isBinary) this.#type(bytes);
      else this.#act(parseAsk(bytes));
    } catch (error) {
      this.#fail(error instanceof PorchlightError ? error : new PorchlightError('internal'));
    }
  }

  /** What was typed. */
  #type(bytes: Buffer): void {
    const { socket, clock } = this.#parts;
    const channel = this.#channel;
    if (channel === undefined) throw new PorchlightError('bad_request', 'There is no shell yet');
    this.#quietSince = clock.monotonic();
    if (!channel.writable || channel.write(bytes)) return;
    socket.pause();
    channel.once('drain', () => socket.resume());
  }

  #act(ask: TerminalAsk): void {
    switch (ask.type) {
      case 'connect':
        return this.#connect(ask);
      case 'host-key':
        return this.#shellNow().acceptHostKey(ask.accept);
      case 'password':
      case 'key':
      case 'keyboard':
        this.#shellNow()
          .authenticate(ask)
          .catch((error: unknown) => this.#fail(error));
        return;
      case 'answers':
        return this.#shellNow().answer(ask.answers);
      case 'resize':
        this.#channel?.setWindow(ask.rows, ask.cols, 0, 0);
        return;
      case 'shown':
        return this.#shown(ask.bytes);
    }
  }

  #shellNow(): DeviceShell {
    if (this.#shell === undefined) throw new PorchlightError('bad_request', 'There is no connection yet');
    return this.#shell;
  }

  #connect(ask: Extract<TerminalAsk, { type: 'connect' }>): void {
    const { ports, device, address, port, clock } = this.#parts;
    if (this.#user !== '') throw new PorchlightError('bad_request', 'It is connected already');
    this.#user = ask.user;
    // A device that calls home is waited for as long as its ports say.
    this.#cancelDeadline();
    const target = ask.service === undefined ? { port: 22 } : { service: ask.service };
    const signal = this.#abort.signal;
    const onWaiting = ({ dueAt }: { dueAt: number }): void => this.#say({ type: 'waiting', dueAt });
    ports
      .open(device, target, { from: { address, port }, signal, onWaiting })
      .then((stream) => {
        if (this.#ended) {
          stream.destroy();
          return;
        }
        this.#cancelDeadline = clock.after(AUTHENTICATION_MS, () =>
          this.#fail(new PorchlightError('expired', 'Signing in took too long')),
        );
        this.#shell = new DeviceShell({
          stream,
          accountId: device.accountId,
          user: ask.user,
          size: { cols: ask.cols, rows: ask.rows },
          say: (said) => this.#say(said),
          onOpen: (channel) => this.#open(channel),
          onEnd: (error) => this.#shellEnded(error),
        });
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #open(channel: ClientChannel): void {
    this.#cancelDeadline();
    this.#channel = channel;
    this.#openedAt = this.#parts.clock.monotonic();
    this.#note('terminal.opened', { user: this.#user });
    this.#say({ type: 'ready' });
    const show = (chunk: Buffer): void => this.#show(chunk);
    channel.on('data', show);
    channel.stderr.on('data', show);
    channel.on('error', () => channel.destroy());
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#say({
        type: 'exit',
        ...(typeof code === 'number' ? { code } : {}),
        ...(typeof signal === 'string' ? { signal } : {}),
      });
    });
    channel.on('close', () => this.#shell?.destroy());
  }

  #show(chunk: Buffer): void {
    const { socket, clock } = this.#parts;
    this.#quietSince = clock.monotonic();
    for (let at = 0; at < chunk.length; at += CHUNK_MAX) {
      socket.send(chunk.subarray(at, at + CHUNK_MAX), { binary: true });
    }
    this.#unshown += chunk.length;
    if (this.#unshown > UNSHOWN_MAX) this.#pauseDevice();
  }

  #shown(bytes: number): void {
    // Whoever says so without having read it is not believed.
    this.#unshown = Math.max(this.#unshown - bytes, this.#parts.socket.bufferedAmount);
    if (this.#unshown < UNSHOWN_LOW) {
      this.#channel?.resume();
      this.#channel?.stderr.resume();
    }
  }

  #pauseDevice(): void {
    this.#channel?.pause();
    this.#channel?.stderr.pause();
  }

  #ping(): void {
    const { socket, clock } = this.#parts;
    this.#pongs += 1;
    if (this.#pongs > 2) socket.terminate();
    else if (clock.monotonic() - this.#quietSince > IDLE_MS) {
      this.#fail(new PorchlightError('expired', 'Nothing has passed through this terminal for twelve hours'));
    } else socket.ping();
  }

  #say(said: TerminalSay): void {
    const { socket } = this.#parts;
    if (!this.#ended && socket.readyState === socket.OPEN) socket.send(JSON.stringify(said));
  }

  #shellEnded(error: PorchlightError | undefined): void {
    if (this.#ended) return;
    if (error !== undefined && this.#openedAt === undefined) return this.#fail(error);
    if (this.#openedAt === undefined) {
      return this.#fail(
        new PorchlightError(
          'service_unreachable',
          'The device ended the connection before there was a shell',
        ),
      );
    }
    this.#parts.socket.close(CLOSED.inOrder);
    this.#end(error?.message ?? 'the shell ended');
  }

  #fail(error: unknown, code: number = CLOSED.refused): void {
    if (this.#ended) return;
    const known = error instanceof PorchlightError ? error : new PorchlightError('internal');
    const { hint } = ERRORS[known.code];
    this.#say({ type: 'error', code: known.code, message: known.message, hint });
    this.#parts.socket.close(code);
    this.#end(known.message);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelDeadline();
    for (const cancel of this.#cancels) cancel();
    this.#abort.abort();
    this.#shell?.destroy();
    const { clock, socket } = this.#parts;
    // A browser that does not answer the close is not waited for.
    const cancel = clock.after(CLOSE_MS, () => socket.terminate());
    socket.once('close', cancel);
    if (socket.readyState === socket.CLOSED) cancel();
    socket.resume();
    if (this.#openedAt === undefined) return;
    const seconds = Math.round((clock.monotonic() - this.#openedAt) / 1000);
    this.#note('terminal.closed', { user: this.#user, seconds, reason });
  }

  #note(action: 'terminal.opened' | 'terminal.closed', detail: Record<string, string | number>): void {
    const { audit, clock, device, identity, address } = this.#parts;
    audit.append({
      accountId: identity.accountId,
      at: clock.now(),
      actor: identity.accountName,
      action,
      deviceId: device.id,
      target: device.name,
      address,
      detail,
    });
  }
}

const CLOSE_MS = 2_000;

function parseAsk(bytes: Buffer): TerminalAsk {
  let given: unknown;
  try {
    given = JSON.parse(bytes.toString('utf8'));
  } catch {
    // No part of it may be told: it may be a password.
    throw new PorchlightError('bad_request', 'A message is no JSON');
  }
  const parsed = terminalAsk.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new PorchlightError('bad_request', 'A message is not understood');
}
