import type { ServerChannel, Session } from 'ssh2';
import type { Person } from '../access/index.ts';
import { hasUsablePacketSize } from '../ssh/index.ts';
import { showList } from './live-list.ts';
import { type CommandParts, runCommand } from './run-command.ts';
import { printable, type Size, Terminal } from './terminal/index.ts';

/** What a terminal may claim to measure; what is outside is taken for the nearest. */
const COLUMNS = { least: 20, most: 500, unknown: 80 } as const;
const ROWS = { least: 5, most: 200, unknown: 24 } as const;

/** What a connection lends to its sessions. */
export interface SessionHost {
  readonly address: string;
  readonly person: () => Promise<Person | undefined>;
  /** Ends the whole connection. */
  readonly end: (reason: string) => void;
  /** Bytes that wait in all sessions of the connection. */
  readonly waitingInAll: () => number;
  /** Called once, when the session has closed. */
  readonly onClose: () => void;
}

/** One session of an operator (RFC 4254 §6): a command, or the list of devices, live on a terminal. */
export class SessionChannel {
  readonly #parts: CommandParts;
  readonly #host: SessionHost;
  #size: Size | undefined;
  #terminal: Terminal | undefined;
  #notice: ((text: string) => void) | undefined;

  constructor(session: Session, parts: CommandParts, host: SessionHost) {
    this.#parts = parts;
    this.#host = host;
    session.on('pty', (accept, _reject, info) => {
      this.#size = sizeOf(info);
      accept?.();
    });
    session.on('window-change', (accept, _reject, info) => {
      this.#size = sizeOf(info);
      this.#terminal?.resize(this.#size);
      accept?.();
    });
    // Nothing here depends on an environment.
    session.on('env', (_accept, reject) => reject?.());
    session.on('auth-agent', (_accept, reject) => reject?.());
    session.on('x11', (_accept, reject) => reject?.());
    session.on('sftp', (_accept, reject) => reject?.());
    session.on('subsystem', (_accept, reject) => reject?.());
    session.on('signal', (accept) => {
      accept?.();
      this.#terminal?.hangUp();
    });
    session.on('exec', (accept, reject, info) => {
      if (this.#terminal !== undefined) return reject?.();
      const terminal = this.#open(accept());
      if (terminal === undefined) return;
      this.#finish(terminal, runCommand(info.command, parts, { ...host, terminal }));
    });
    session.on('shell', (accept, reject) => {
      if (this.#terminal !== undefined) return reject?.();
      const terminal = this.#open(accept());
      if (terminal === undefined) return;
      const told = (show: (text: string) => void) => (this.#notice = show);
      this.#finish(terminal, showList(parts, { ...host, terminal }, told));
    });
    session.on('close', () => {
      this.close();
      host.onClose();
    });
  }

  /** Shows a line beside what runs. */
  tell(text: string): void {
    const line = printable(text);
    if (this.#notice !== undefined) this.#notice(line);
    else this.#terminal?.err(`porchlight: ${line}\n`);
  }

  /** Bytes that the client has not read. */
  get waiting(): number {
    return this.#terminal?.waiting ?? 0;
  }

  /** Ends what runs; the connection is going. */
  close(): void {
    this.#terminal?.hangUp();
  }

  #open(channel: ServerChannel): Terminal | undefined {
    if (!hasUsablePacketSize(channel)) {
      this.#host.end('the client asked for packets that are too small');
      return undefined;
    }
    const overflow = (): void => this.#host.end('the client sent more than it was allowed to');
    const { waitingInAll } = this.#host;
    this.#terminal = new Terminal(channel, this.#size, { onOverflow: overflow, waitingInAll });
    return this.#terminal;
  }

  #finish(terminal: Terminal, status: Promise<number>): void {
    status.then(
      (code) => terminal.exit(code),
      (error: unknown) => {
        this.#parts.logger.error({ error, address: this.#host.address }, 'session of an operator failed');
        terminal.exit(1);
      },
    );
  }
}

function sizeOf({ cols, rows }: { cols: number; rows: number }): Size {
  return { columns: within(cols, COLUMNS), rows: within(rows, ROWS) };
}

function within(given: number, limits: { least: number; most: number; unknown: number }): number {
  if (given === 0) return limits.unknown;
  return Math.min(Math.max(given, limits.least), limits.most);
}
