import type { Socket } from 'node:dgram';
import type { Clock } from '../../clock.ts';
import { systemErrorCode } from '../../config/index.ts';
import { hear } from './datagrams.ts';

/** Another program may end, and leave the port. */
const RETRY_MS = 20_000;

export interface EarParts {
  readonly port: number;
  /** Multicast group to join, on each of the addresses that `addresses` gives. */
  readonly group?: string;
  addresses(): readonly string[];
  readonly clock: Clock;
  onDatagram(bytes: Buffer, from: string): void;
  /** Why nothing is heard; once until it is heard again. */
  onProblem(reason: string): void;
}

/** Hears a UDP port, from now on or as soon as that can be had. */
export class Ear {
  readonly #parts: EarParts;
  #socket: Socket | undefined;
  #problem: string | undefined;
  #last: Promise<void>;
  #closed = false;
  readonly #cancel: () => void;

  constructor(parts: EarParts) {
    this.#parts = parts;
    this.#last = this.#open();
    this.#cancel = parts.clock.every(RETRY_MS, () => {
      this.#last = this.#last.then(() => this.#open());
    });
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** Interfaces are others now: the group is joined there too. */
  join(): void {
    const { group, addresses } = this.#parts;
    if (group === undefined) return;
    for (const address of addresses()) {
      try {
        this.#socket?.addMembership(group, address);
      } catch (error) {
        // Joined already, or no multicast there: then broadcasts are heard all the same.
        if (systemErrorCode(error) === '') throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#last;
    this.#socket?.close();
  }

  async #open(): Promise<void> {
    if (this.#socket !== undefined || this.#closed) return;
    const { port, clock, onDatagram, onProblem } = this.#parts;
    const fail = (error: unknown): void => {
      const reason = `impostors on UDP port ${port} go unnoticed (${systemErrorCode(error) || String(error)})`;
      if (this.#problem === undefined) onProblem(reason);
      this.#problem = reason;
    };
    const onError = (error: Error): void => {
      this.#socket?.close();
      this.#socket = undefined; // and opened anew
      fail(error);
    };
    try {
      this.#socket = await hear(port, () => clock.monotonic(), onDatagram, onError);
      this.#problem = undefined;
      this.join();
    } catch (error) {
      fail(error);
    }
  }
}
