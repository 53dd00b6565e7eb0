/** What is older says nothing about now. */
const SIGHTING_MS = 10 * 60_000;
/** Of one device. */
const SIGHTINGS_MAX = 8;

interface Sighting {
  readonly address: string;
  readonly clientId: string;
  readonly first: number;
  last: number;
}

/**
 * From where a device speaks. One that has got another address is heard from the new one only; two that share a key, or
 * the credentials of one, are heard in turns.
 */
export class Sightings {
  #seen: Sighting[] = [];

  note(address: string, clientId: string, now: number): void {
    const known = this.#seen.find((one) => one.address === address && one.clientId === clientId);
    if (known === undefined) this.#seen.push({ address, clientId, first: now, last: now });
    else known.last = now;
    this.#seen = this.#seen.filter(({ last }) => now - last < SIGHTING_MS).slice(-SIGHTINGS_MAX);
  }

  /** Addresses, or client ids at one address, that are in use at the same time; empty: all is well. */
  doubles(now: number): string[] {
    const seen = this.#seen.filter(({ last }) => now - last < SIGHTING_MS);
    const twice = seen.filter((one) =>
      seen.some((other) => other !== one && other.first <= one.last && one.first <= other.last),
    );
    const addresses = new Set(twice.map(({ address }) => address));
    return addresses.size === 1
      ? twice.map(({ address, clientId }) => `${clientId} at ${address}`)
      : [...addresses];
  }
}
