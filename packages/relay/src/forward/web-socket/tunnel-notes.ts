import type { Identity } from '../../access/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { DeviceRecord } from '../../devices/index.ts';

/** A person by a program of theirs. */
export type Program = Extract<Identity, { readonly kind: 'access-token' }>;

/** A program that opens a connection for each request would fill the audit. */
const NOTE_LIFE_MS = 3600_000;
const NOTES_MAX = 10_000;

/** Tells the audit of tunnels: one entry for each token, device, target and address in an hour. */
export class TunnelNotes {
  readonly #audit: Audit;
  readonly #clock: Clock;
  /** When each was written, monotonic. */
  readonly #seen = new Map<string, number>();

  constructor({ audit, clock }: { readonly audit: Audit; readonly clock: Clock }) {
    this.#audit = audit;
    this.#clock = clock;
  }

  note(person: Program, device: DeviceRecord, target: string, address: string): void {
    const key = `${person.tokenId} ${device.id} ${target} ${address}`;
    const now = this.#clock.monotonic();
    const noted = this.#seen.get(key);
    if (noted !== undefined && now - noted < NOTE_LIFE_MS) return;
    if (this.#seen.size >= NOTES_MAX) this.#seen.clear();
    this.#seen.set(key, now);
    this.#audit.append({
      accountId: device.accountId,
      at: this.#clock.now(),
      actor: person.accountName,
      action: 'tunnel.opened',
      deviceId: device.id,
      target: device.name,
      address,
      detail: { to: target },
    });
  }
}
