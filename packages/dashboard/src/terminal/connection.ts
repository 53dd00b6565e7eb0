import type { TerminalAsk, TerminalSay } from '@porchlight/protocol/api';
import type { ShellTarget } from './shell-target.ts';

/** What a person proves themselves with; sent once, and kept nowhere. */
export type Proof =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key'; readonly key: string; readonly passphrase: string | undefined };

export interface HostKey {
  readonly algorithm: string;
  readonly fingerprint: string;
}

export interface Prompt {
  readonly prompt: string;
  readonly echo: boolean;
}

/** Where a connection stands. */
export type TerminalState =
  | { readonly kind: 'connecting' }
  /** The device calls home; its next call is expected then. */
  | { readonly kind: 'waiting'; readonly dueAt: number }
  | { readonly kind: 'host-key'; readonly hostKey: HostKey }
  /** The device wants another proof. */
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'prompts';
      readonly name: string;
      readonly instructions: string;
      readonly prompts: readonly Prompt[];
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'ended'; readonly why: string; readonly hint?: string };

/** Typed or pasted bytes in one message; the relay takes 64 KB. */
const CHUNK = 16 * 1024;
/** Said to the relay when so many more bytes are on the screen: it sends no more than 512 KB ahead. */
const SHOWN_STEP = 32 * 1024;

export interface ConnectionParts {
  readonly url: string;
  readonly user: string;
  readonly target: ShellTarget;
  readonly proof: Proof;
  readonly onState: (state: TerminalState) => void;
}

/** One terminal's WebSocket: everything but what is seen. */
export class TerminalConnection {
  readonly #parts: ConnectionParts;
  readonly #socket: WebSocket;
  readonly #encoder = new TextEncoder();
  /** Aborted once nobody wants to hear of it any more. */
  readonly #left = new AbortController();
  #proof: Proof | undefined;
  #state: TerminalState = { kind: 'connecting' };
  #exit: Extract<TerminalSay, { type: 'exit' }> | undefined;
  #shown = 0;
  #early: Uint8Array[] = [];
  #screen: ((bytes: Uint8Array) => void) | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#proof = parts.proof;
    this.#socket = new WebSocket(parts.url);
    this.#socket.binaryType = 'arraybuffer';
    const { signal } = this.#left;
    this.#socket.addEventListener(
      'open',
      () => {
        const { user, target } = parts;
        const service = target.service === undefined ? {} : { service: target.service };
        // The screen tells its own size once it is there.
        this.#say({ type: 'connect', user, ...service, cols: 80, rows: 24 });
      },
      { signal },
    );
    this.#socket.addEventListener(
      'message',
      ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data === 'string') this.#hear(JSON.parse(data));
        else this.#show(new Uint8Array(data));
      },
      { signal },
    );
    this.#socket.addEventListener('close', ({ code }) => this.#closed(code), { signal });
  }

  /** Takes the bytes from now on, those that came before first. */
  attach(screen: (bytes: Uint8Array) => void): void {
    this.#screen = screen;
    for (const bytes of this.#early.splice(0)) screen(bytes);
  }

  acceptHostKey(accept: boolean): void {
    this.#say({ type: 'host-key', accept });
    if (accept) this.#set({ kind: 'connecting' });
  }

  /** Tries another proof. */
  prove(proof: Proof): void {
    this.#set({ kind: 'connecting' });
    this.#send(proof);
  }

  answer(answers: readonly string[]): void {
    this.#set({ kind: 'connecting' });
    this.#say({ type: 'answers', answers: [...answers] });
  }

  /** Text, or bytes as one latin1 character each (mouse reports). */
  type(text: string, binary = false): void {
    if (this.#state.kind !== 'open') return;
    const bytes = binary
      ? Uint8Array.from(text, (char) => char.charCodeAt(0) & 255)
      : this.#encoder.encode(text);
    for (let at = 0; at < bytes.length; at += CHUNK) this.#socket.send(bytes.slice(at, at + CHUNK));
  }

  resize(cols: number, rows: number): void {
    if (this.#state.kind === 'open') this.#say({ type: 'resize', cols, rows });
  }

  /** So many bytes are on the screen: more may come. */
  shown(bytes: number): void {
    this.#shown += bytes;
    if (this.#shown < SHOWN_STEP) return;
    this.#say({ type: 'shown', bytes: this.#shown });
    this.#shown = 0;
  }

  /** Hangs up, without a word to anybody. */
  close(): void {
    this.#left.abort();
    this.#socket.close();
    this.#proof = undefined;
  }

  #hear(said: TerminalSay): void {
    switch (said.type) {
      case 'waiting':
        return this.#set({ kind: 'waiting', dueAt: said.dueAt });
      case 'host-key':
        return this.#set({
          kind: 'host-key',
          hostKey: { algorithm: said.algorithm, fingerprint: said.fingerprint },
        });
      case 'auth':
        return this.#authenticate(said);
      case 'prompts':
        return this.#prompted(said);
      case 'ready':
        this.#proof = undefined;
        return this.#set({ kind: 'open' });
      case 'exit':
        this.#exit = said;
        return;
      case 'error':
        return this.#set({ kind: 'ended', why: said.message, hint: said.hint });
    }
  }

  #authenticate({ methods, failed, problem }: Extract<TerminalSay, { type: 'auth' }>): void {
    const proof = this.#proof;
    if (problem !== undefined) return this.#set({ kind: 'refused', why: problem });
    if (failed) return this.#set({ kind: 'refused', why: 'The device refused that.' });
    if (proof === undefined) {
      return this.#set({ kind: 'refused', why: `The device wants more: ${methods.join(', ')}.` });
    }
    if (proof.kind === 'key' && !methods.includes('publickey')) {
      return this.#set({ kind: 'refused', why: 'The device takes no keys: give a password.' });
    }
    if (
      proof.kind === 'password' &&
      !methods.includes('password') &&
      !methods.includes('keyboard-interactive')
    ) {
      return this.#set({ kind: 'refused', why: 'The device takes no passwords: give a key.' });
    }
    // Some devices take a password only as the answer to their own question.
    if (proof.kind === 'password' && !methods.includes('password')) this.#say({ type: 'keyboard' });
    else this.#send(proof);
  }

  #prompted({ name, instructions, prompts }: Extract<TerminalSay, { type: 'prompts' }>): void {
    const [only, ...more] = prompts;
    const proof = this.#proof;
    this.#proof = undefined;
    if (proof?.kind === 'password' && only?.echo === false && more.length === 0) {
      this.#say({ type: 'answers', answers: [proof.password] });
    } else this.#set({ kind: 'prompts', name, instructions, prompts });
  }

  #send(proof: Proof): void {
    this.#proof = undefined;
    if (proof.kind === 'password') this.#say({ type: 'password', password: proof.password });
    else {
      const { key, passphrase } = proof;
      this.#say({ type: 'key', key, ...(passphrase === undefined ? {} : { passphrase }) });
    }
  }

  #show(bytes: Uint8Array): void {
    if (this.#screen === undefined) this.#early.push(bytes);
    else this.#screen(bytes);
  }

  #closed(code: number): void {
    this.#proof = undefined;
    if (this.#state.kind === 'ended') return;
    if (this.#exit !== undefined || code === 1000) {
      return this.#set({ kind: 'ended', why: exitWords(this.#exit) });
    }
    const wasOpen = this.#state.kind === 'open';
    this.#set({
      kind: 'ended',
      why: wasOpen ? 'The connection was lost' : 'The relay did not take the connection',
      hint: wasOpen
        ? 'What ran in the terminal has ended, unless it ran inside screen or tmux.'
        : 'You may have been signed out, or have ten terminals open. Load the page again.',
    });
  }

  #set(state: TerminalState): void {
    this.#state = state;
    this.#parts.onState(state);
  }

  #say(ask: TerminalAsk): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(ask));
  }
}

function exitWords(exit: Extract<TerminalSay, { type: 'exit' }> | undefined): string {
  if (exit?.signal !== undefined) return `The shell was ended by the signal ${exit.signal}`;
  if (exit?.code !== undefined && exit.code !== 0) return `The shell ended with exit code ${exit.code}`;
  return 'The shell ended';
}
