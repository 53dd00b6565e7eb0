import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { PorchlightError } from '@porchlight/protocol';

/** OWASP's argon2id setting for 19 MiB; about 22 ms on a small server. The library's default variant is argon2id. */
const ARGON2 = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;
/** At once: more would take the cores, and the libuv threads, from everything else. */
const RUNNING_MAX = 2;
/** Waiting: about half a second of work. Whoever comes later is told `busy`. */
const WAITING_MAX = 40;

/** Hashes and checks passwords, a few at a time. */
export class Passwords {
  /** As costly to check as a real one, and fits no password: its tag is random. */
  readonly #dummy =
    `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}` +
    `$${phc(randomBytes(16))}$${phc(randomBytes(32))}`;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** The PHC string of a password. @throws PorchlightError `busy` */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, ARGON2));
  }

  /** True if it fits. Without a hash (unknown name) it is false, after the same work. @throws PorchlightError `busy` */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const fits = await this.#inTurn(() => verify(passwordHash ?? this.#dummy, password));
    return fits && passwordHash !== undefined;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= RUNNING_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new PorchlightError('busy');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The next one takes over the place, so that nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function phc(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
