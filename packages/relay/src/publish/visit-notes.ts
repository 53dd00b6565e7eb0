import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';

const NOTE_LIFE_MS = 3600_000;
const NOTES_MAX = 20_000;

/** A visitor who was let in. */
export interface VisitFact {
  readonly accountId: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly service: string;
  readonly address: string;
  /** The access mode, or `passthrough`. */
  readonly access: string;
  readonly person: string | undefined;
}

/** Tells the audit of visits: one entry for each person, service and address in an hour. */
export class VisitNotes {
  readonly #audit: Audit;
  readonly #clock: Clock;
  /** Visits already written: when, monotonic. */
  readonly #seen = new Map<string, number>();

  constructor(parts: { audit: Audit; clock: Clock }) {
    this.#audit = parts.audit;
    this.#clock = parts.clock;
  }

  note({ accountId, deviceId, deviceName, service, address, access, person }: VisitFact): void {
    const key = `${person ?? ''} ${deviceId} ${service} ${address}`;
    const now = this.#clock.monotonic();
    const noted = this.#seen.get(key);
    if (noted !== undefined && now - noted < NOTE_LIFE_MS) return;
    if (this.#seen.size >= NOTES_MAX) this.#seen.clear();
    this.#seen.set(key, now);
    this.#audit.append({
      accountId,
      at: this.#clock.now(),
      actor: person ?? 'visitor',
      action: 'service.opened',
      deviceId,
      target: `${service}--${deviceName}`,
      address,
      detail: { access },
    });
  }
}
