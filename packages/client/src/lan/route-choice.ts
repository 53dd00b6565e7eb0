import { PorchlightError } from '@porchlight/protocol';
import { isLanAddress, isLanHost } from '@porchlight/protocol/lan';
import type { Fetch } from '../api/index.ts';
import { prove } from './proof.ts';

/** A proof counts for so long: a computer that has moved must not send to whoever has the address elsewhere. */
const PROOF_LIFE_MS = 30_000;
/** Longest wait for a door: on a LAN it answers within some ms, and everything waits for it. */
const PROOF_MAX_MS = 1_000;
/** A LAN that was not there is looked for again after so long. */
const LOOK_AGAIN_MS = 60_000;

/** Where requests to a service go. */
export type Route =
  | { readonly kind: 'lan'; readonly origin: string }
  /** `reason`: why not the LAN. */
  | { readonly kind: 'relay'; readonly reason: string };

/** What the relay knows of a service's LAN side. */
export interface LanFacts {
  readonly fingerprint: string | undefined;
  /** Undefined: it is not open on the LAN. */
  readonly door: string | undefined;
}

export interface RouteChoiceParts {
  readonly service: string;
  /** `never`: always the relay. */
  readonly lan: 'auto' | 'never';
  /** Which hosts may be asked on the LAN; private addresses when none is given. */
  readonly accept?: ((url: URL) => boolean) | undefined;
  readonly facts: () => Promise<LanFacts>;
  readonly fetch: Fetch;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** Chooses between LAN and relay: once, again when it failed, and again now and then. */
export class RouteChoice {
  readonly #parts: RouteChoiceParts;
  #route: Route | undefined;
  /** Until when the route counts, monotonic. */
  #until = 0;
  #choosing: Promise<Route> | undefined;

  constructor(parts: RouteChoiceParts) {
    this.#parts = parts;
  }

  /** The present route; undefined: nothing was asked yet. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** The route to take now. Never rejects for want of a LAN. */
  async choose(): Promise<Route> {
    if (this.#route !== undefined && this.#parts.now() < this.#until) return this.#route;
    this.#choosing ??= this.#decide().finally(() => {
      this.#choosing = undefined;
    });
    // The relay serves as long as the LAN is only looked for again.
    return this.#route?.kind === 'relay' ? this.#route : this.#choosing;
  }

  /** The LAN failed: the relay, until it is looked for again. */
  lost(): Route {
    return this.#set({ kind: 'relay', reason: 'the device stopped answering on the LAN' });
  }

  async #decide(): Promise<Route> {
    if (this.#parts.lan === 'never') return this.#set({ kind: 'relay', reason: 'the LAN is switched off' });
    try {
      const { door, fingerprint } = await this.#parts.facts();
      if (door === undefined || fingerprint === undefined) {
        return this.#set({ kind: 'relay', reason: 'the service is not open on the LAN' });
      }
      const { service, fetch } = this.#parts;
      this.#check(door);
      const origin = await prove(fetch, { door, fingerprint, service }, AbortSignal.timeout(PROOF_MAX_MS));
      this.#check(origin);
      return this.#set({ kind: 'lan', origin });
    } catch (error) {
      const reason = error instanceof PorchlightError ? error.message : 'nothing answers on the LAN';
      return this.#set({ kind: 'relay', reason });
    }
  }

  /** A device must not make its people's computers ask whom it likes. */
  #check(origin: string): void {
    const { accept = ({ hostname }: URL) => isLanHost(hostname) } = this.#parts;
    if (isLanAddress(origin) && accept(new URL(origin))) return;
    throw new PorchlightError('bad_answer', 'The LAN address is not used: it is no address of a LAN');
  }

  #set(route: Route): Route {
    this.#route = route;
    this.#until = this.#parts.now() + (route.kind === 'lan' ? PROOF_LIFE_MS : LOOK_AGAIN_MS);
    return route;
  }
}
