import { once } from 'node:events';
import type { TerminalAsk, TerminalSay } from '@porchlight/protocol/api';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { PASSWORD } from './shell-device-rig.ts';

/** A browser's end, as the dashboard is one. */
export class TestBrowser {
  readonly #socket: WebSocket;
  readonly #said: TerminalSay[] = [];
  readonly #waiting = new Set<() => void>();
  #text = '';
  bytes = 0;
  /** Status of the answer when there was no WebSocket. */
  refused = 0;
  closed: Promise<number>;
  over = false;

  constructor(
    port: number,
    path = '/api/devices/d1/terminal',
    origin: string | null = 'https://relay.example',
  ) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, origin === null ? {} : { origin });
    this.#socket.on('error', () => undefined);
    this.#socket.on('unexpected-response', (_req, answer) => {
      this.refused = answer.statusCode ?? 0;
      this.#socket.terminate();
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', (code) => {
        this.over = true;
        this.#look();
        resolve(code);
      });
    });
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.bytes += (data as Buffer).length;
        if (this.#text.length < 10_000) this.#text += (data as Buffer).toString();
      } else this.#said.push(JSON.parse((data as Buffer).toString()));
      this.#look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  async opened(): Promise<this> {
    await once(this.#socket, 'open');
    return this;
  }

  ask(ask: TerminalAsk): void {
    this.#socket.send(JSON.stringify(ask));
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  type(text: string): void {
    this.#socket.send(Buffer.from(text));
  }

  pause(): void {
    this.#socket.pause();
  }

  /** The relay has heard what was sent so far, pongs among it. */
  async answered(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const pong = new Promise((resolve) => void this.#socket.once('pong', resolve));
    this.#socket.ping();
    await Promise.race([pong, this.closed]);
  }

  /** The next message of a type; those before it are passed over. */
  async said<T extends TerminalSay['type']>(type: T): Promise<Extract<TerminalSay, { type: T }>> {
    let found: TerminalSay | undefined;
    await this.#until(() => {
      while (this.#said.length > 0 && found === undefined) {
        const next = this.#said.shift();
        if (next?.type === type) found = next;
        else if (next?.type === 'error') throw new Error(next.message);
      }
      return found !== undefined;
    });
    return found as Extract<TerminalSay, { type: T }>;
  }

  shows(text: string): Promise<void> {
    return this.#until(() => this.#text.includes(text));
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          if (holds()) resolve();
          else if (this.over)
            reject(new Error(`closed, with ${JSON.stringify(this.#said)} and ${this.#text}`));
          else return;
        } catch (error) {
          reject(error);
        }
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Up to the first question for proof. */
  async toAuth(): Promise<void> {
    await this.opened();
    this.ask({ type: 'connect', user: 'root', cols: 90, rows: 33 });
    expect(await this.said('host-key')).toMatchObject({
      algorithm: expect.stringMatching(/^ssh-rsa|rsa-sha2/),
      fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
    });
    this.ask({ type: 'host-key', accept: true });
    expect(await this.said('auth')).toEqual({
      type: 'auth',
      methods: ['publickey', 'password', 'keyboard-interactive'],
      failed: false,
    });
  }

  async toShell(): Promise<this> {
    await this.toAuth();
    this.ask({ type: 'password', password: PASSWORD });
    await this.said('ready');
    return this;
  }
}
