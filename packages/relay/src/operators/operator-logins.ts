import { PorchlightError } from '@porchlight/protocol';
import type { AccessTokens, Identities, Identity } from '../access/index.ts';
import type { SshKeys } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceStore } from '../devices/index.ts';
import {
  type DeviceKey,
  type Login,
  type Logins,
  OPERATOR_USER,
  type OperatorLogin,
  parseUserName,
} from '../ssh/index.ts';
import { addressKey, type Rate, TokenBuckets } from '../token-buckets.ts';

/** Wrong tokens of one address: they cannot be guessed, but each costs a look into the records. */
const WRONG_TOKENS: Rate = { capacity: 20, refillMs: 10_000 };

export interface OperatorLoginsParts {
  readonly sshKeys: Pick<SshKeys, 'byFingerprint' | 'used'>;
  readonly accessTokens: Pick<AccessTokens, 'find'>;
  readonly identities: Pick<Identities, 'bySshKey' | 'byAccessToken'>;
  readonly devices: Pick<DeviceStore, 'byFingerprint'>;
  readonly audit: Audit;
  readonly clock: Clock;
  /** What to tell the holder of a key that nobody knows, before it is let in. */
  readonly greeting: (key: DeviceKey) => Promise<string>;
}

/** Tells people from devices, by their key or token. */
export class OperatorLogins implements Logins {
  readonly #parts: OperatorLoginsParts;
  readonly #wrongTokens: TokenBuckets;

  constructor(parts: OperatorLoginsParts) {
    this.#parts = parts;
    this.#wrongTokens = new TokenBuckets(WRONG_TOKENS, parts.clock);
  }

  async mayProve({ fingerprint }: DeviceKey): Promise<boolean> {
    if ((await this.#parts.sshKeys.byFingerprint(fingerprint)) !== undefined) return true;
    // The holder of a device's key is told so, but only the holder.
    return (await this.#parts.devices.byFingerprint(fingerprint)) !== undefined;
  }

  async byKey(key: DeviceKey, userName: string): Promise<Login> {
    if (userName === OPERATOR_USER) return (await this.#personOf(key)) ?? (await this.#noPerson(key));
    // The name of an account that the key does not belong to is a name like any other.
    if ((await this.#parts.devices.byFingerprint(key.fingerprint)) !== undefined) return { kind: 'device' };
    const login = await this.#personOf(key);
    // What has a token needs no person, and so no code.
    if (login === undefined && parseUserName(userName).token !== undefined) return { kind: 'device' };
    if (login === undefined) return { kind: 'device', greeting: await this.#parts.greeting(key) };
    if (login.operator.person.accountName === userName.toLowerCase()) return login;
    const reason = `this key is a person's: connect as ${OPERATOR_USER}@...; a device needs a key of its own`;
    return { kind: 'refused', reason };
  }

  async byToken(token: string, address: string): Promise<OperatorLogin | undefined> {
    const { accessTokens, identities } = this.#parts;
    const bucket = addressKey(address);
    const wait = this.#wrongTokens.take(bucket);
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw new PorchlightError('too_many_requests', `Too many wrong tokens; try again in ${seconds} s`);
    }
    const record = await accessTokens.find(token);
    const identify = (): Promise<Identity> => identities.byAccessToken(token);
    const person = await identify();
    if (record === undefined || person.kind === 'anonymous') return undefined;
    this.#wrongTokens.giveBack(bucket);
    return { person, by: `token ${record.name}`, identify };
  }

  async #personOf({ fingerprint }: DeviceKey) {
    const { identities, sshKeys } = this.#parts;
    const identify = (): Promise<Identity> => identities.bySshKey(fingerprint);
    const person = await identify();
    const record = await sshKeys.byFingerprint(fingerprint);
    if (record === undefined || person.kind === 'anonymous') return undefined;
    await sshKeys.used(record);
    return { kind: 'operator', operator: { person, by: `key ${record.name}`, identify } } as const;
  }

  async #noPerson({ fingerprint }: DeviceKey): Promise<Login> {
    const device = await this.#parts.devices.byFingerprint(fingerprint);
    if (device === undefined) return { kind: 'refused', reason: 'this key is unknown' };
    this.#parts.audit.append({
      accountId: device.accountId,
      at: this.#parts.clock.now(),
      actor: `device:${device.name}`,
      action: 'operator.refused',
      deviceId: device.id,
      target: device.name,
      detail: { reason: "a device's key", fingerprint },
    });
    return {
      kind: 'refused',
      reason: `this is the key of the device ${device.name}; a person needs a key of their own, added in the dashboard under Settings.`,
    };
  }
}
