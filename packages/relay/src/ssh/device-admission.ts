import { PorchlightError, toDeviceName } from '@porchlight/protocol';
import type { AccountStore } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { EnrolmentTokens, JoinAnswer, JoinRequestTable } from '../enrolment/index.ts';
import type { EventBus } from '../events.ts';
import { newId } from '../secrets.ts';
import type { DeviceKey } from './device-key.ts';

/** Names tried for a device that joins by token under a name that is taken: `name`, `name-2`, … */
const NAME_TRIES = 100;

/** Who comes: what it is known by, and from where. */
export interface Comer {
  readonly key: DeviceKey;
  readonly address: string;
}

/** What a device says of itself when it comes. */
export interface Introduction {
  /** Proposed name, used for an unknown key only. */
  readonly name: string;
  /** The account that shall be asked, when one was named. */
  readonly account?: string | undefined;
  /** An enrolment token. */
  readonly token?: string | undefined;
  /** What runs there, for people: `agent 0.1.0`, `OpenSSH_9.2`. */
  readonly software: string;
}

export type Admitted =
  | { readonly kind: 'device'; readonly device: DeviceRecord }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string; readonly retry: boolean };

export interface Waiting {
  readonly code: string;
  readonly expiresAt: number;
  /** Where a person answers. */
  readonly url: string;
  withdraw(): void;
}

export interface DeviceAdmissionParts {
  readonly devices: Pick<DeviceStore, 'byFingerprint' | 'insert' | 'count'>;
  readonly accounts: Pick<AccountStore, 'byName'>;
  readonly joinRequests: Pick<JoinRequestTable, 'ask'>;
  readonly tokens: Pick<EnrolmentTokens, 'redeem' | 'giveBack'>;
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  /** Origin of the console. */
  readonly origin: () => string;
  readonly devicesPerAccount: number;
}

/** Decides which device a proven key is: a known one, one that has a token, or one that a person must let in. */
export class DeviceAdmission {
  readonly #parts: DeviceAdmissionParts;

  constructor(parts: DeviceAdmissionParts) {
    this.#parts = parts;
  }

  /** @param onWaiting called when a person has to be waited for */
  async admit(
    client: Comer,
    introduction: Introduction,
    onWaiting: (waiting: Waiting) => void,
  ): Promise<Admitted> {
    const known = await this.#parts.devices.byFingerprint(client.key.fingerprint);
    if (known?.blockedAt !== undefined) return refusals.blocked;
    if (known !== undefined) return { kind: 'device', device: known };
    if (introduction.token !== undefined) return this.#byToken(client, introduction, introduction.token);
    return this.#byPerson(client, introduction, onWaiting);
  }

  async #byToken(client: Comer, introduction: Introduction, secret: string): Promise<Admitted> {
    const { audit, clock, devices, events, tokens } = this.#parts;
    const token = await tokens.redeem(secret, clock.now());
    if (token === undefined) {
      const hint = 'Make a new one in the dashboard, under "Enrolment tokens".';
      return {
        kind: 'refused',
        reason: 'the enrolment token is unknown, expired or used up',
        hint,
        retry: false,
      };
    }
    try {
      if ((await devices.count(token.accountId)) >= this.#parts.devicesPerAccount) {
        throw new PorchlightError(
          'forbidden',
          `The account has its ${this.#parts.devicesPerAccount} devices already`,
        );
      }
      await this.#insert(client, token.accountId, toDeviceName(introduction.name) ?? 'device', token.tags);
    } catch (error) {
      await tokens.giveBack(token.id);
      if (!(error instanceof PorchlightError)) throw error;
      return { kind: 'refused', reason: error.message, hint: error.hint, retry: error.retry };
    }
    const device = await devices.byFingerprint(client.key.fingerprint);
    if (device === undefined)
      throw new PorchlightError('internal', 'The device vanished while it was joining');
    const about = { deviceId: device.id, target: device.name, address: client.address };
    const detail = { token: token.note === '' ? token.id : token.note, fingerprint: device.fingerprint };
    for (const action of ['enrolment-token.used', 'device.joined'] as const) {
      audit.append({
        accountId: token.accountId,
        at: clock.now(),
        actor: `device:${device.name}`,
        action,
        ...about,
        detail,
      });
    }
    events.publish({ type: 'device-changed', accountId: device.accountId, deviceId: device.id });
    return { kind: 'device', device };
  }

  async #insert(client: Comer, accountId: string, wish: string, tags: readonly string[]): Promise<void> {
    for (let n = 1; ; n += 1) {
      const suffix = n === 1 ? '' : `-${n}`;
      const name = `${wish.slice(0, 32 - suffix.length).replace(/-+$/, '')}${suffix}`;
      try {
        const { fingerprint, publicKey } = client.key;
        const id = newId();
        await this.#parts.devices.insert({
          id,
          accountId,
          name,
          tags,
          fingerprint,
          publicKey,
          createdAt: this.#parts.clock.now(),
        });
        return;
      } catch (error) {
        const taken = error instanceof PorchlightError && error.code === 'name_taken';
        if (!taken || n >= NAME_TRIES) throw error;
      }
    }
  }

  async #byPerson(
    client: Comer,
    introduction: Introduction,
    onWaiting: (waiting: Waiting) => void,
  ): Promise<Admitted> {
    const { accounts, joinRequests, origin } = this.#parts;
    const account =
      introduction.account === undefined ? undefined : await accounts.byName(introduction.account);
    const { promise, resolve } = Promise.withResolvers<JoinAnswer>();
    const asked = await joinRequests.ask({
      fingerprint: client.key.fingerprint,
      publicKey: client.key.publicKey,
      name: introduction.name,
      accountId: account?.id,
      address: client.address,
      software: introduction.software,
      onAnswer: resolve,
    });
    if (asked.kind === 'refused') return refusals[asked.why];
    onWaiting({ ...asked, url: `${origin()}/requests?code=${asked.code}` });
    const answer = await promise;
    return answer.kind === 'allowed' ? { kind: 'device', device: answer.device } : refusals[answer.kind];
  }
}

const refusals = {
  blocked: {
    kind: 'refused',
    reason: 'this key is blocked',
    hint: 'Whoever owns the device can let it in again, on its page in the dashboard.',
    retry: false,
  },
  denied: {
    kind: 'refused',
    reason: 'somebody pressed Deny',
    hint: 'If that was a mistake, ask again in ten minutes.',
    retry: false,
  },
  expired: {
    kind: 'refused',
    reason: 'nobody pressed Allow within ten minutes',
    hint: 'Run the join again when somebody is at the dashboard.',
    retry: false,
  },
  replaced: { kind: 'refused', reason: 'the same key asked over another connection', hint: '', retry: false },
  'too-many': {
    kind: 'refused',
    reason: 'too many join requests are waiting',
    hint: 'Answer some in the dashboard, or use an enrolment token.',
    retry: true,
  },
} as const satisfies Record<string, Admitted>;
