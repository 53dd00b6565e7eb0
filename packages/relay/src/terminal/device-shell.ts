import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import type { TerminalAsk, TerminalSay } from '@porchlight/protocol/api';
import ssh2, { type AnyAuthMethod, type ClientChannel, type NextAuthHandler } from 'ssh2';
import { type KeySigner, openKeySigner } from './key-signer.ts';
import { askServer, paceInput } from './paced-input.ts';
import { SignerAgent } from './signer-agent.ts';

/** Prompts of one question of the device, and characters of each text in it. */
const PROMPTS_MAX = 16;
const PROMPT_MAX = 1_000;
const TERM = 'xterm-256color';

type AuthAnswer = Extract<TerminalAsk, { type: 'password' | 'key' | 'keyboard' }>;

export interface DeviceShellParts {
  /** Byte stream to the device's SSH server; owned from now on. */
  readonly stream: Duplex;
  /** Whose terminal it is. */
  readonly accountId: string;
  readonly user: string;
  readonly size: { cols: number; rows: number };
  /** Tells the person something, or asks. */
  readonly say: (said: TerminalSay) => void;
  /** The shell is open; the channel is the caller's. */
  readonly onOpen: (channel: ClientChannel) => void;
  /** Called once, however it ends; undefined: in order. */
  readonly onEnd: (error: PorchlightError | undefined) => void;
}

/**
 * The SSH client's side of one terminal: asks the person whether the host key is the device's, then for proof, and
 * opens a shell. What the person gives is handed to ssh2 or to a thread of its own at once, and kept nowhere.
 */
export class DeviceShell {
  readonly #parts: DeviceShellParts;
  readonly #client = new ssh2.Client();
  #verify: ((accept: boolean) => void) | undefined;
  #next: NextAuthHandler | undefined;
  #finish: ((answers: string[]) => void) | undefined;
  #methods: readonly string[] = [];
  #tried = false;
  #signer: KeySigner | undefined;
  #failure: PorchlightError | undefined;
  #ended = false;

  constructor(parts: DeviceShellParts) {
    this.#parts = parts;
    const { stream, user } = parts;
    const client = this.#client;
    stream.on('error', () => stream.destroy());
    client.on('ready', () => this.#openShell());
    client.on('error', (error) => this.#fail(error));
    client.on('close', () => this.#end());
    client.connect({
      sock: stream,
      username: user,
      readyTimeout: 0,
      hostVerifier: (key: Buffer, verify: (accept: boolean) => void) => {
        this.#verify = verify;
        const algorithm = key.toString('latin1', 4, 4 + Math.min(64, key.readUInt32BE(0)));
        const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        parts.say({ type: 'host-key', algorithm: printable(algorithm), fingerprint });
      },
      authHandler: (left, partial, next) => this.#ask(left, partial, next),
    });
  }

  acceptHostKey(accept: boolean): void {
    const verify = this.#verify;
    this.#verify = undefined;
    if (!accept)
      this.#failure ??= new PorchlightError('bad_request', 'The key of the device was not accepted');
    verify?.(accept);
  }

  /** @throws PorchlightError `bad_request`: nothing is being asked */
  async authenticate(answer: AuthAnswer): Promise<void> {
    const next = this.#next;
    if (next === undefined) throw new PorchlightError('bad_request', 'No proof is asked for now');
    this.#next = undefined;
    const { user: username } = this.#parts;
    if (answer.type === 'key') {
      try {
        this.#dropSigner();
        const signer = await openKeySigner(this.#parts.accountId, answer.key, answer.passphrase);
        if (this.#ended) return signer.close();
        this.#signer = signer;
        this.#try(next, { type: 'agent', username, agent: new SignerAgent(signer) });
      } catch (error) {
        this.#next = next;
        const problem = error instanceof PorchlightError ? error.message : 'The key cannot be used';
        this.#parts.say({ type: 'auth', methods: this.#methods, failed: false, problem });
      }
      return;
    }
    if (answer.type === 'password')
      this.#try(next, { type: 'password', username, password: answer.password });
    else
      this.#try(next, {
        type: 'keyboard-interactive',
        username,
        prompt: (...asked) => this.#prompt(...asked),
      });
  }

  /** Answers to the device's own questions. @throws PorchlightError `bad_request`: nothing is being asked */
  answer(answers: readonly string[]): void {
    const finish = this.#finish;
    if (finish === undefined) throw new PorchlightError('bad_request', 'Nothing is asked for now');
    this.#finish = undefined;
    finish([...answers]);
  }

  /** Cuts it off. Idempotent. */
  destroy(): void {
    this.#client.end();
    this.#parts.stream.destroy();
    this.#end();
  }

  #ask(left: readonly string[] | null, partial: boolean | null, next: NextAuthHandler): void {
    // The first call only finds out what the device takes (RFC 4252 §5.2).
    if (left === null) {
      next({ type: 'none', username: this.#parts.user });
      return;
    }
    this.#dropSigner();
    this.#next = next;
    this.#methods = left.map(printable).slice(0, PROMPTS_MAX);
    this.#parts.say({ type: 'auth', methods: this.#methods, failed: this.#tried && partial !== true });
  }

  #try(next: NextAuthHandler, method: AnyAuthMethod): void {
    this.#tried = true;
    next(method);
  }

  #prompt(
    name: string,
    instructions: string,
    _language: string,
    prompts: readonly { prompt: string; echo?: boolean }[],
    finish: (answers: string[]) => void,
  ): void {
    // A device may ask nothing, only to say something (RFC 4256 §3.2).
    if (prompts.length === 0) return finish([]);
    this.#finish = finish;
    this.#parts.say({
      type: 'prompts',
      name: printable(name),
      instructions: printable(instructions),
      prompts: prompts
        .slice(0, PROMPTS_MAX)
        .map(({ prompt, echo }) => ({ prompt: printable(prompt), echo: echo === true })),
    });
  }

  #openShell(): void {
    this.#dropSigner();
    const { size, onOpen } = this.#parts;
    this.#client.shell({ term: TERM, cols: size.cols, rows: size.rows }, (error, channel) => {
      if (error === undefined) {
        paceInput(channel, (heard) => askServer(this.#client, heard));
        return onOpen(channel);
      }
      this.#failure = new PorchlightError('service_unreachable', 'The device gave no shell', {
        cause: error,
      });
      this.#client.end();
    });
  }

  #fail(error: Error & { level?: string }): void {
    // A key that cannot sign goes on to the next question.
    if (error.level === 'agent') return;
    this.#failure ??= new PorchlightError('service_unreachable', wordsOf(error), { cause: error });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#dropSigner();
    this.#parts.stream.destroy();
    this.#parts.onEnd(this.#failure);
  }

  #dropSigner(): void {
    this.#signer?.close();
    this.#signer = undefined;
  }
}

/** What the device wrote may be shown, but not steer anything. */
function printable(text: string): string {
  return text
    .slice(0, PROMPT_MAX)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
}

function wordsOf(error: Error & { level?: string }): string {
  const said = printable(error.message);
  if (/handshake failed|no matching/i.test(said))
    return `The device's SSH server and the relay have no way in common: ${said}`;
  if (/too many authentication failures/i.test(said))
    return 'The device ended it after too many wrong answers';
  return `The device's SSH server ended the connection: ${said}`;
}
