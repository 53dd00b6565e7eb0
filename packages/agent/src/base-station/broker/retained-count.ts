import { RETAINED_BYTES_MAX, RETAINED_OF } from './limits.ts';

/** Bounds the retained messages of each client: they stay in memory until the base station ends. */
export class RetainedCount {
  /** Topic → whose it is. */
  readonly #owners = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Notes one, which an empty payload takes away; false: there is no place for it. */
  take(owner: string, kind: keyof typeof RETAINED_OF, topic: string, bytes: number): boolean {
    if (bytes > RETAINED_BYTES_MAX) return false;
    const before = this.#owners.get(topic);
    const count = this.#counts.get(owner) ?? 0;
    if (bytes > 0 && before !== owner && count >= RETAINED_OF[kind]) return false;
    if (before !== undefined) this.#counts.set(before, (this.#counts.get(before) ?? 1) - 1);
    this.#owners.delete(topic);
    if (bytes > 0) {
      this.#owners.set(topic, owner);
      this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
    }
    return true;
  }
}
