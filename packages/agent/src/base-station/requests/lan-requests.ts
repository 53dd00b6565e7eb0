import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { ConfigError } from '../../config/index.ts';
import { KeptFile } from '../kept-file.ts';
import { type Allowance, allowance, type Denial, denial, type LanRequest } from './lan-request.ts';

const FILE = 'lan-requests.json';
/** Requests that wait: more is no house that somebody sets up, and its page could not be read. */
export const WAITING_MAX = 200;
/** Of one address: a few devices behind a repeater that translates addresses. */
export const WAITING_PER_ADDRESS_MAX = 8;
const ALLOWED_MAX = 50;
const DENIED_MAX = 500;
/** Devices ask every ten seconds; one that has not for so long has gone away. */
export const SILENCE_MAX_MS = 60_000;
/** So long after Allow the answer can be fetched: what the old hand-over sends in clear, and what is encrypted. */
export const FETCH_MS = { emonesp: 60_000, porchlight: 3600_000 } as const;

const kept = z.strictObject({
  denied: z.array(denial).max(DENIED_MAX),
  allowed: z.array(allowance).max(ALLOWED_MAX),
});

/** Who asks, once more. */
export type Asking = Pick<LanRequest, 'asker' | 'way' | 'name' | 'address' | 'mac' | 'code'>;

export type Asked =
  | { readonly kind: 'waiting'; readonly request: LanRequest; readonly isNew: boolean }
  | { readonly kind: 'allowed'; readonly allowance: Allowance }
  | { readonly kind: 'denied' }
  | { readonly kind: 'full' };

/**
 * Devices on the LAN that ask to be let in, by whatever way; the notion of a join request as at the relay. What waits
 * is in memory, since a device that is still there asks again; what was allowed or denied is kept.
 */
export class LanRequests {
  readonly #clock: Clock;
  readonly #file: KeptFile<typeof kept>;
  readonly #onChange: () => void;
  readonly #waiting = new Map<string, LanRequest>();

  private constructor(clock: Clock, file: KeptFile<typeof kept>, onChange: () => void) {
    this.#clock = clock;
    this.#file = file;
    this.#onChange = onChange;
  }

  /** `onChange`: a request came, was answered, or went. @throws ConfigError */
  static async open(parts: { dataFolder: string; clock: Clock; onChange: () => void }): Promise<LanRequests> {
    const file = await KeptFile.open(parts.dataFolder, FILE, kept, { denied: [], allowed: [] });
    return new LanRequests(parts.clock, file, parts.onChange);
  }

  /** A device asks, for the first time or again. */
  ask(asking: Asking): Asked {
    const now = this.#clock.now();
    this.#dropSilent(now);
    const allowed = this.#file.value.allowed.find((one) => one.asker === asking.asker);
    if (allowed !== undefined && now - allowed.allowedAt < FETCH_MS[allowed.way]) {
      return { kind: 'allowed', allowance: allowed };
    }
    if (this.#isDenied(asking)) return { kind: 'denied' };
    const before = this.#waiting.get(asking.asker);
    if (before === undefined && !this.#hasRoom(asking.address)) return { kind: 'full' };
    const request: LanRequest = {
      ...asking,
      mac: asking.mac ?? before?.mac,
      id: before?.id ?? randomBytes(8).toString('hex'),
      firstAskedAt: before?.firstAskedAt ?? now,
      askedAt: now,
      times: (before?.times ?? 0) + 1,
      state: 'waiting',
    };
    this.#waiting.set(asking.asker, request);
    if (before === undefined || before.code !== request.code) this.#onChange();
    return { kind: 'waiting', request, isNew: before === undefined };
  }

  /** Longest waiting first; with those that were allowed and have not fetched it yet. */
  list(): LanRequest[] {
    const now = this.#clock.now();
    this.#dropSilent(now);
    const allowed = this.#file.value.allowed
      .filter(({ way, allowedAt }) => now - allowedAt < FETCH_MS[way])
      .map(({ id, asker, way, name, address, mac, firstAskedAt, allowedAt }) => ({
        ...{ id, asker, way, name, address, mac, firstAskedAt },
        ...{ code: undefined, askedAt: allowedAt, times: 0, state: 'allowed' as const },
      }));
    return [...allowed, ...this.#waiting.values()];
  }

  waiting(id: string): LanRequest | undefined {
    this.#dropSilent(this.#clock.now());
    return [...this.#waiting.values()].find((request) => request.id === id);
  }

  /** Allows it; what is handed over is fetched by the device itself. @throws ConfigError: no such request; disk */
  async allow(
    id: string,
    { name, ...secret }: { name: string; sealed?: string; ticket?: string },
  ): Promise<Allowance> {
    const request = this.waiting(id);
    if (request === undefined)
      throw new ConfigError('there is no such request any more: it asks again if it is there');
    const { asker, way, address, mac, firstAskedAt } = request;
    const now = this.#clock.now();
    const made: Allowance = {
      ...{ id, asker, way, name, address, firstAskedAt, allowedAt: now },
      ...(mac === undefined ? {} : { mac }),
      ...secret,
    };
    await this.#file.change(({ denied, allowed }) => {
      const live = allowed.filter((one) => one.asker !== asker && now - one.allowedAt < FETCH_MS[one.way]);
      if (live.length >= ALLOWED_MAX)
        throw new ConfigError('too many devices have yet to fetch what they were allowed');
      return { denied, allowed: [...live, made] };
    });
    this.#waiting.delete(asker);
    this.#onChange();
    return made;
  }

  /**
   * Takes an allowance away for good: it was fetched, or withdrawn. Undefined: it is not there (any more), so that of
   * two who fetch at the same time one gets it. It is off the disk when this is done.
   */
  async take(id: string): Promise<Allowance | undefined> {
    const now = this.#clock.now();
    let taken: Allowance | undefined;
    await this.#file.change((value) => {
      taken = value.allowed.find((one) => one.id === id && now - one.allowedAt < FETCH_MS[one.way]);
      const allowed = value.allowed.filter((one) => one.id !== id);
      return allowed.length === value.allowed.length ? value : { ...value, allowed };
    });
    if (taken !== undefined) this.#onChange();
    return taken;
  }

  /** Turns it away, now and whenever it asks again. @throws ConfigError: no such request; disk */
  async deny(id: string): Promise<Denial> {
    const request = this.waiting(id);
    if (request === undefined) throw new ConfigError('there is no such request any more');
    const made: Denial = {
      id,
      asker: refusedAs(request),
      name: request.name,
      address: request.address,
      deniedAt: this.#clock.now(),
    };
    await this.#file.change(({ denied, allowed }) => ({
      allowed,
      denied: [...denied.filter(({ asker }) => asker !== made.asker), made].slice(-DENIED_MAX),
    }));
    this.#waiting.delete(request.asker);
    this.#onChange();
    return made;
  }

  /** What can be fetched with that ticket. */
  byTicket(ticket: string): Allowance | undefined {
    const now = this.#clock.now();
    return this.#file.value.allowed.find(
      (one) => one.ticket === ticket && now - one.allowedAt < FETCH_MS[one.way],
    );
  }

  denied(): readonly Denial[] {
    return this.#file.value.denied;
  }

  /** Lets it ask again. @returns false: no such denial */
  async forget(id: string): Promise<boolean> {
    const before = this.denied().length;
    await this.#file.change((value) => {
      const denied = value.denied.filter((one) => one.id !== id);
      return denied.length === value.denied.length ? value : { ...value, denied };
    });
    if (this.denied().length === before) return false;
    this.#onChange();
    return true;
  }

  #isDenied(asking: Asking): boolean {
    const { denied } = this.#file.value;
    return denied.some(({ asker }) => asker === asking.asker || asker === `mac ${asking.mac}`);
  }

  #hasRoom(address: string): boolean {
    if (this.#waiting.size >= WAITING_MAX) return false;
    let ofAddress = 0;
    for (const request of this.#waiting.values()) if (request.address === address) ofAddress += 1;
    return ofAddress < WAITING_PER_ADDRESS_MAX;
  }

  #dropSilent(now: number): void {
    let dropped = false;
    for (const [asker, { askedAt }] of this.#waiting) {
      if (now - askedAt < SILENCE_MAX_MS) continue;
      this.#waiting.delete(asker);
      dropped = true;
    }
    if (dropped) this.#onChange();
  }
}

/** Addresses change hands: without a key of its own a device is refused by its hardware address, where that is known. */
function refusedAs({ asker, way, mac }: LanRequest): string {
  return way === 'emonesp' && mac !== undefined ? `mac ${mac}` : asker;
}
