import { PorchlightError, toDeviceName } from '@porchlight/protocol';
import type { DeviceRecord, DeviceStore } from '../../devices/index.ts';
import type { KeyEnrolment } from '../../enrolment/index.ts';

/** Names tried where the first is taken: `ann-home`, `ann-home-2`, … */
const NAME_TRIES = 20;

/** An account at whose client somebody has signed in. */
export interface HomeOwner {
  readonly accountId: string;
  /** As its topics call it. */
  readonly accountName: string;
  readonly address: string;
}

/**
 * The device that stands for the home of a client with the account's own name and password, which names none: one for
 * each account. It is made when such a client first listens, since who has that password may make devices anyway.
 */
export class AccountHomes {
  readonly #parts: {
    readonly devices: Pick<DeviceStore, 'byFingerprint'>;
    readonly enrolment: Pick<KeyEnrolment, 'enrol'>;
  };
  readonly #making = new Map<string, Promise<DeviceRecord>>();

  constructor(parts: {
    devices: Pick<DeviceStore, 'byFingerprint'>;
    enrolment: Pick<KeyEnrolment, 'enrol'>;
  }) {
    this.#parts = parts;
  }

  /** @throws PorchlightError `forbidden` (as many devices as there may be), `name_taken` */
  async of(owner: HomeOwner): Promise<DeviceRecord> {
    const known = await this.#parts.devices.byFingerprint(markOf(owner.accountId));
    if (known !== undefined) return known;
    const making = this.#making.get(owner.accountId) ?? this.#make(owner);
    this.#making.set(owner.accountId, making);
    try {
      return await making;
    } finally {
      this.#making.delete(owner.accountId);
    }
  }

  async #make({ accountId, accountName, address }: HomeOwner): Promise<DeviceRecord> {
    const wish = toDeviceName(`${accountName.slice(0, 24)}-home`) ?? 'home';
    const by = { accountId, actor: accountName, address };
    const fingerprint = markOf(accountId);
    for (let n = 1; ; n += 1) {
      const name = n === 1 ? wish : `${wish}-${n}`;
      try {
        return await this.#parts.enrolment.enrol(by, { name, tags: [], fingerprint, publicKey: '' });
      } catch (error) {
        const taken = error instanceof PorchlightError && error.code === 'name_taken';
        if (!taken || n >= NAME_TRIES) throw error;
      }
    }
  }
}

/** In the place of the fingerprint of a key, which it has not. */
function markOf(accountId: string): string {
  return `mqtt:emoncms-${accountId}`;
}
