import type { Clock } from '../../clock.ts';

/** So long pairing is on if nobody says how long. */
export const PAIRING_MINUTES = 10;
/** An evening; whoever needs longer switches it on again. */
export const PAIRING_MINUTES_MAX = 240;
/** Pages look every few seconds: one that has not for so long is closed. */
const LOOK_LASTS_MS = 15_000;
/** While pairing is on and nobody looks, as often as the original's page looks. */
const TELL_MS = 5_000;
/** However many look. */
const TELL_GAP_MS = 2_000;

export interface PairingState {
  /** Switched on by a person. */
  readonly on: boolean;
  /** Until then, in ms since 1970. */
  readonly until: number | undefined;
  /** Devices are being told where the base station is: it is on, or somebody looks at requests. */
  readonly telling: boolean;
}

/**
 * When devices are told where the base station is: only while a person looks at requests, or has switched pairing on for
 * a limited time. A restart switches it off.
 */
export class Pairing {
  readonly #clock: Clock;
  readonly #tell: () => void;
  readonly #onChange: () => void;
  #onUntil: number | undefined;
  /** In wall time, for people. */
  #shownUntil: number | undefined;
  #lookedAt: number | undefined;
  #toldAt: number | undefined;
  #cancel: (() => void) | undefined;

  /** `tell` sends once to every device. `onChange`: it was switched. */
  constructor({ clock, tell, onChange }: { clock: Clock; tell: () => void; onChange: () => void }) {
    this.#clock = clock;
    this.#tell = tell;
    this.#onChange = onChange;
  }

  get state(): PairingState {
    const on = this.#isOn();
    return { on, until: on ? this.#shownUntil : undefined, telling: on || this.#isLooked() };
  }

  /** Switches it on for so long from now, 1 to 240 minutes. */
  on(minutes = PAIRING_MINUTES): void {
    const ms = Math.min(Math.max(1, minutes), PAIRING_MINUTES_MAX) * 60_000;
    this.#onUntil = this.#clock.monotonic() + ms;
    this.#shownUntil = this.#clock.now() + ms;
    this.#step();
    this.#onChange();
  }

  /** Ends it; who looks at requests still lets devices be told. */
  off(): void {
    if (this.#onUntil === undefined) return;
    this.#onUntil = undefined;
    this.#step();
    this.#onChange();
  }

  /** A person looks at the requests, once. */
  look(): void {
    this.#lookedAt = this.#clock.monotonic();
    this.#step();
  }

  close(): void {
    this.#onUntil = undefined;
    this.#lookedAt = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #isOn(): boolean {
    return this.#onUntil !== undefined && this.#clock.monotonic() < this.#onUntil;
  }

  #isLooked(): boolean {
    return this.#lookedAt !== undefined && this.#clock.monotonic() - this.#lookedAt < LOOK_LASTS_MS;
  }

  /** Tells now if it may, and sets when to tell next. */
  #step(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#isOn() && !this.#isLooked()) {
      if (this.#onUntil === undefined) return;
      this.#onUntil = undefined; // its time is over
      this.#onChange();
      return;
    }
    const now = this.#clock.monotonic();
    const since = this.#toldAt === undefined ? Number.POSITIVE_INFINITY : now - this.#toldAt;
    if (since >= TELL_GAP_MS) {
      this.#toldAt = now;
      this.#tell();
      this.#cancel = this.#clock.after(TELL_MS, () => this.#step());
    } else {
      this.#cancel = this.#clock.after(TELL_GAP_MS - since, () => this.#step());
    }
  }
}
