import type { Session, TcpipBindInfo } from 'ssh2';
import type { Person } from '../access/index.ts';
import { Allowance, disconnectWith, type OperatorClient, pingClient } from '../ssh/index.ts';
import { JumpChannels, type JumpParts } from './jump-channels.ts';
import type { CommandParts } from './run-command.ts';
import { SessionChannel } from './session-channel.ts';

/** Sessions at the same time: an editor or a multiplexed client has some dozens. */
const SESSIONS_MAX = 64;
const SESSION_LIMITS = { burst: SESSIONS_MAX, perSecond: 8 };
/** Remote forwards asked for, all of which are refused. */
const REQUEST_LIMITS = { burst: 64, perSecond: 1 };
/** A client that wants nothing but what is refused is told so after this time, and ended. */
const NOTHING_ELSE_MS = 3_000;
/** A peer that is told the end hangs up within this time, or is cut off. */
const END_DEADLINE_MS = 1_000;
const NO_REMOTE_FORWARDS =
  'remote forwards (-R) are for devices: connect under the name of the device, with a key of its own';

export interface OperatorSessionParts extends JumpParts, CommandParts {}

/** One connection of a person, from login to its end. */
export class OperatorSession {
  readonly client: OperatorClient;
  readonly person: Person;
  readonly since: number;
  readonly #parts: OperatorSessionParts;
  readonly #jumps: JumpChannels;
  readonly #sessions = new Set<SessionChannel>();
  readonly #opening: Allowance;
  readonly #requests: Allowance;
  #ended = false;
  #reason = 'the client hung up';
  #cancelNothingElse: (() => void) | undefined;

  /** @param onClose called once, when the connection has closed */
  constructor(client: OperatorClient, parts: OperatorSessionParts, onClose: (reason: string) => void) {
    this.client = client;
    this.person = client.operator.person;
    this.since = parts.clock.now();
    this.#parts = parts;
    this.#opening = new Allowance(parts.clock, SESSION_LIMITS);
    this.#requests = new Allowance(parts.clock, REQUEST_LIMITS);
    this.#jumps = new JumpChannels(parts, {
      client,
      person: () => this.#who(),
      tell: (text) => this.#tell(text),
      end: (reason) => this.end(reason),
    });
    const { connection } = client;
    connection.on('session', (accept, reject) => {
      if (this.#sessions.size >= SESSIONS_MAX || !this.#opening.take()) return reject();
      this.#onSession(accept());
    });
    connection.on('tcpip', (accept, reject, info) => this.#jumps.open(accept, reject, info));
    connection.on('request', (_accept, reject, name, info) => this.#onRequest(reject, name, info));
    connection.on('close', () => {
      this.#ended = true;
      this.#cancelNothingElse?.();
      this.#jumps.close();
      for (const session of this.#sessions) session.close();
      onClose(this.#reason);
    });
  }

  /** Ends the connection at once, with a reason that the client prints. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = reason;
    this.#jumps.close();
    for (const session of this.#sessions) session.close();
    disconnectWith(this.client.connection, `Porchlight: ${reason}`);
    this.#parts.clock.after(END_DEADLINE_MS, () => this.client.socket.destroy());
  }

  ping(): void {
    if (!this.#ended) pingClient(this.client.connection);
  }

  /** Looks again who it is, and ends the connection when it is nobody. */
  async check(): Promise<void> {
    await this.#who();
  }

  async #who(): Promise<Person | undefined> {
    const identity = await this.client.operator.identify();
    if (identity.kind !== 'anonymous') return identity;
    this.end('this key or token is no longer valid');
    return undefined;
  }

  #onSession(session: Session): void {
    const open = new SessionChannel(session, this.#parts, {
      address: this.client.address,
      person: () => this.#who(),
      end: (reason) => this.end(reason),
      waitingInAll: () => {
        let sum = 0;
        for (const one of this.#sessions) sum += one.waiting;
        return sum;
      },
      onClose: () => this.#sessions.delete(open),
    });
    this.#sessions.add(open);
  }

  #onRequest(reject: (() => void) | undefined, name: string, info: TcpipBindInfo): void {
    if (!this.#requests.take()) return this.end('too many requests');
    reject?.();
    if (name !== 'tcpip-forward' && name !== 'streamlocal-forward@openssh.com') return;
    this.#parts.logger.info({ address: this.client.address, port: info.bindPort }, 'remote forward refused');
    this.#cancelNothingElse ??= this.#parts.clock.after(NOTHING_ELSE_MS, () => {
      if (this.#sessions.size > 0) this.#tell(NO_REMOTE_FORWARDS);
      else if (this.#jumps.count === 0) this.end(NO_REMOTE_FORWARDS);
    });
  }

  #tell(text: string): void {
    for (const session of this.#sessions) session.tell(text);
  }
}
