import type { IncomingMessage } from 'node:http';

/** Wrong codes or passwords from one address: five, then one every six seconds. */
const OF_ADDRESS = { burst: 5, refillMs: 6_000 };
/** From all addresses of the network together, so that having many of them is no help: a day sees 43 000 tries. */
const OF_NETWORK = { burst: 20, refillMs: 2_000 };
/** More addresses than a home has devices; the one that was quiet longest is forgotten. */
const ADDRESSES_MAX = 256;

interface Bucket {
  left: number;
  refilledAt: number;
}

/**
 * Tries at code and password. Counted for each address, so that somebody else on the network keeps the owner waiting for
 * nothing; and for the network as a whole, but not for the device itself, whose owner is then still let in.
 */
export class Tries {
  readonly #now: () => number;
  readonly #addresses = new Map<string, Bucket>();
  readonly #network: Bucket;

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#network = { left: OF_NETWORK.burst, refilledAt: now() };
  }

  /** Takes one try. @returns 0, or the ms to wait because there have been too many */
  take(address: string): number {
    const buckets = this.#bucketsOf(address);
    const wait = Math.max(...buckets.map(([bucket, rate]) => this.#waitFor(bucket, rate)));
    if (wait === 0) for (const [bucket] of buckets) bucket.left -= 1;
    return wait;
  }

  /** The try was right. */
  giveBack(address: string): void {
    for (const [bucket, { burst }] of this.#bucketsOf(address))
      bucket.left = Math.min(burst, bucket.left + 1);
  }

  #bucketsOf(address: string): [Bucket, typeof OF_ADDRESS][] {
    const own: [Bucket, typeof OF_ADDRESS] = [this.#bucketOf(address), OF_ADDRESS];
    return isLoopback(address) ? [own] : [own, [this.#network, OF_NETWORK]];
  }

  #bucketOf(address: string): Bucket {
    const bucket = this.#addresses.get(address) ?? { left: OF_ADDRESS.burst, refilledAt: this.#now() };
    // The newest comes last.
    this.#addresses.delete(address);
    this.#addresses.set(address, bucket);
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > ADDRESSES_MAX && oldest !== undefined) this.#addresses.delete(oldest);
    return bucket;
  }

  #waitFor(bucket: Bucket, { burst, refillMs }: typeof OF_ADDRESS): number {
    const now = this.#now();
    const refilled = Math.floor((now - bucket.refilledAt) / refillMs);
    bucket.left = Math.min(burst, bucket.left + refilled);
    bucket.refilledAt += refilled * refillMs;
    return bucket.left > 0 ? 0 : bucket.refilledAt + refillMs - now;
  }
}

/** Who sent a request, in one spelling. */
export function addressOf(req: IncomingMessage): string {
  return (req.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
