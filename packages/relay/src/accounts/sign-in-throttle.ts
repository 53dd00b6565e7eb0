import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import { addressKey, type Rate, TokenBuckets } from '../token-buckets.ts';

/** Wrong passwords for one account from one address: 5, then one a minute. */
const PAIR: Rate = { capacity: 5, refillMs: 60_000 };
/** From one address for any account: an office behind one address mistypes more. */
const ADDRESS: Rate = { capacity: 30, refillMs: 10_000 };
/** For one account from addresses that never signed in to it: slows a guess spread over many addresses. */
const ACCOUNT: Rate = { capacity: 50, refillMs: 30_000 };
/** Pairs of account and address kept as known. */
const KNOWN_MAX = 10_000;

export interface SignInAttempt {
  /** The password fitted: what the attempt cost is given back, and the address is known from now on. */
  succeeded(): void;
  /** Nothing was tried after all (the relay was busy): the cost is given back. */
  withdrawn(): void;
}

/**
 * Slows the guessing of passwords by account and by address. A stranger cannot lock the owner out: what a stranger
 * uses up is counted against the stranger's address, and the limit of an account is passed over for addresses from
 * which it was signed in to before.
 */
export class SignInThrottle {
  readonly #pairs: TokenBuckets;
  readonly #addresses: TokenBuckets;
  readonly #accounts: TokenBuckets;
  readonly #known = new Set<string>();

  constructor(clock: Clock) {
    this.#pairs = new TokenBuckets(PAIR, clock);
    this.#addresses = new TokenBuckets(ADDRESS, clock);
    this.#accounts = new TokenBuckets(ACCOUNT, clock);
  }

  /** The address signed in to the account before, as its sessions show; keeps that over a restart of the relay. */
  remember(name: string, address: string): void {
    const pair = pairOf(name, address);
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size <= KNOWN_MAX) return;
    const oldest = this.#known.values().next();
    if (oldest.done !== true) this.#known.delete(oldest.value);
  }

  /** Takes the cost of one failure beforehand, so that attempts side by side count. @throws PorchlightError `too_many_requests` */
  begin(name: string, address: string): SignInAttempt {
    const from = addressKey(address);
    const pair = pairOf(name, address);
    const taken: [TokenBuckets, string][] = [];
    const giveBack = () => {
      for (const [buckets, key] of taken) buckets.giveBack(key);
    };
    const limits: [TokenBuckets, string][] = [
      [this.#pairs, pair],
      [this.#addresses, from],
    ];
    if (!this.#known.has(pair)) limits.push([this.#accounts, name]);
    for (const [buckets, key] of limits) {
      const wait = buckets.take(key);
      if (wait > 0) {
        giveBack();
        throw new PorchlightError('too_many_requests', 'Too many wrong passwords; wait before trying again', {
          detail: { retryAfter: Math.ceil(wait / 1000) },
        });
      }
      taken.push([buckets, key]);
    }
    return {
      succeeded: () => {
        giveBack();
        this.remember(name, address);
      },
      withdrawn: giveBack,
    };
  }
}

function pairOf(name: string, address: string): string {
  return `${addressKey(address)} ${name}`;
}
