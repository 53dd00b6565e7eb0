import { createHmac, randomBytes } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import type { AccountRecord } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import { addressKey, type Rate, TokenBuckets } from '../token-buckets.ts';
import type { MqttCredentialRecord } from './credentials/credential-store.ts';
import type { MqttCredentials } from './credentials/credentials.ts';
import { accountScope, appPasswordScope, deviceScope, type MqttIdentity } from './identity.ts';
import { TOKEN_TRIES } from './limits.ts';
import { accountPrefixes, devicePrefixes } from './topics.ts';

/** User name of a client that nobody knows yet and that asks to be let in. */
export const JOIN_USER = 'join';
/** Where a joining client asks, and gets its answer; it owns nothing else. */
export const JOIN_PREFIX = 'join/';
/** Longest user name and password that are looked at. */
const USER_MAX = 64;
const PASSWORD_MAX = 256;
/** Passwords of accounts that fitted lately, so that clients that come back together do not cost an argon2 each. */
const VERIFIED_MAX = 10_000;
const VERIFIED_LIFE_MS = 10 * 60_000;
/**
 * Wrong passwords, as the dashboard has it: for one account from one address, and from one address for any. A guess is
 * a guess though it is compared with what fitted lately only.
 */
const GUESSES_OF_PAIR: Rate = { capacity: 5, refillMs: 60_000 };
const GUESSES_OF_ADDRESS: Rate = { capacity: 30, refillMs: 10_000 };

export interface LoginsParts {
  readonly credentials: Pick<MqttCredentials, 'isSecret' | 'find' | 'used'>;
  readonly accounts: {
    byId(id: string): Promise<AccountRecord | undefined>;
    byName(name: string): Promise<AccountRecord | undefined>;
  };
  readonly devices: {
    byName(name: string): Promise<DeviceRecord | undefined>;
    byId(accountId: string, id: string): Promise<DeviceRecord | undefined>;
  };
  /** Checks an account's password, slowed down as at the dashboard. @throws PorchlightError as `SignIn.check` */
  readonly checkPassword: (
    given: { name: string; password: string },
    from: { address: string; by: string },
  ) => Promise<AccountRecord>;
  readonly clock: Clock;
}

/** Finds out who an MQTT client is by its user name and password. */
export class Logins {
  readonly #parts: LoginsParts;
  readonly #tries: TokenBuckets;
  readonly #guessesOfPair: TokenBuckets;
  readonly #guessesOfAddress: TokenBuckets;
  /** HMAC of name and password under a key of this process → the stored hash that they fitted, and when. */
  readonly #verified = new Map<string, { readonly hash: string; readonly at: number }>();
  readonly #key = randomBytes(32);
  /** The stored hash that the password of an identity fitted when it signed in. */
  readonly #hashes = new WeakMap<MqttIdentity, string>();

  constructor(parts: LoginsParts) {
    this.#parts = parts;
    this.#tries = new TokenBuckets(TOKEN_TRIES, parts.clock);
    this.#guessesOfPair = new TokenBuckets(GUESSES_OF_PAIR, parts.clock);
    this.#guessesOfAddress = new TokenBuckets(GUESSES_OF_ADDRESS, parts.clock);
  }

  /** @throws PorchlightError `wrong_credentials`, `forbidden` (a blocked device), `too_many_requests`, `busy` */
  async identify(given: { user: string; password: string }, address: string): Promise<MqttIdentity> {
    const { user, password } = given;
    if (user === '' || user.length > USER_MAX || password.length > PASSWORD_MAX) {
      throw new PorchlightError('wrong_credentials');
    }
    if (this.#parts.credentials.isSecret(password)) return this.#bySecret(user, password, address);
    if (user === JOIN_USER && (await this.#parts.accounts.byName(user)) === undefined) return joining();
    return this.#ofAccount(user, password, address);
  }

  /** Is the account's password still the one with which this identity signed in? */
  fits(identity: MqttIdentity, account: Pick<AccountRecord, 'passwordHash'>): boolean {
    return this.#hashes.get(identity) === account.passwordHash;
  }

  async #bySecret(user: string, secret: string, address: string): Promise<MqttIdentity> {
    const from = addressKey(address);
    const wait = this.#tries.take(from);
    if (wait > 0) {
      throw new PorchlightError('too_many_requests', undefined, {
        detail: { retryAfter: Math.ceil(wait / 1000) },
      });
    }
    const record = await this.#parts.credentials.find(secret);
    const identity =
      record === undefined
        ? undefined
        : record.kind === 'device'
          ? await this.#device(user, record)
          : await this.#appPassword(user, record);
    if (record === undefined || identity === undefined) throw new PorchlightError('wrong_credentials');
    this.#tries.giveBack(from);
    await this.#parts.credentials.used(record);
    return identity;
  }

  async #device(user: string, record: MqttCredentialRecord): Promise<MqttIdentity | undefined> {
    // By present or former name: a client that was set up before a renaming goes on working.
    const device = await this.#parts.devices.byName(user.replace(/^device\//, ''));
    if (device === undefined || device.id !== record.deviceId || device.accountId !== record.accountId)
      return undefined;
    if (device.blockedAt !== undefined) throw new PorchlightError('forbidden', 'The device is blocked');
    return {
      kind: 'device',
      scope: deviceScope(device.accountId, device.id),
      label: `device:${device.name}`,
      accountId: device.accountId,
      deviceId: device.id,
      deviceName: device.name,
      credentialId: record.id,
      prefixes: devicePrefixes([device.name, ...device.formerNames]),
    };
  }

  async #appPassword(user: string, record: MqttCredentialRecord): Promise<MqttIdentity | undefined> {
    const account = await this.#parts.accounts.byId(record.accountId);
    if (account === undefined || account.name !== user.toLowerCase()) return undefined;
    const home =
      record.deviceId === undefined ? undefined : await this.#parts.devices.byId(account.id, record.deviceId);
    if (home?.blockedAt !== undefined) throw new PorchlightError('forbidden', 'The device is blocked');
    return {
      kind: 'app-password',
      scope: appPasswordScope(account.id, record.id),
      label: `${account.name} (${record.name})`,
      accountId: account.id,
      deviceId: home?.id,
      deviceName: home?.name,
      credentialId: record.id,
      prefixes: accountPrefixes(account, user),
    };
  }

  async #ofAccount(user: string, password: string, address: string): Promise<MqttIdentity> {
    const name = user.toLowerCase();
    const guess = this.#guess(name, address);
    const hash = this.#fittedLately(name, password);
    // Taken and given back in one go, so that those who come together do not count against each other.
    if (hash !== undefined) guess.giveBack();
    const account =
      (hash === undefined ? undefined : await this.#stillOf(name, hash)) ??
      (await this.#parts.checkPassword({ name, password }, { address, by: 'mqtt' }));
    if (hash === undefined) guess.giveBack();
    this.#remember(name, password, account.passwordHash);
    const identity: MqttIdentity = {
      kind: 'account',
      scope: accountScope(account.id),
      label: account.name,
      accountId: account.id,
      deviceId: undefined,
      deviceName: undefined,
      credentialId: undefined,
      prefixes: accountPrefixes(account, user),
    };
    this.#hashes.set(identity, account.passwordHash);
    return identity;
  }

  /** @throws PorchlightError `too_many_requests`: the right password is not looked at either */
  #guess(name: string, address: string): { giveBack(): void } {
    const from = addressKey(address);
    const taken: [TokenBuckets, string][] = [];
    const giveBack = () => {
      for (const [buckets, key] of taken) buckets.giveBack(key);
    };
    for (const [buckets, key] of [
      [this.#guessesOfPair, `${from} ${name}`],
      [this.#guessesOfAddress, from],
    ] as const) {
      const wait = buckets.take(key);
      if (wait > 0) {
        giveBack();
        throw new PorchlightError('too_many_requests', undefined, {
          detail: { retryAfter: Math.ceil(wait / 1000) },
        });
      }
      taken.push([buckets, key]);
    }
    return { giveBack };
  }

  /** The stored hash that name and password fitted when they were last checked; undefined: not lately. */
  #fittedLately(name: string, password: string): string | undefined {
    const verified = this.#verified.get(this.#digest(name, password));
    if (verified === undefined || this.#parts.clock.monotonic() - verified.at > VERIFIED_LIFE_MS)
      return undefined;
    return verified.hash;
  }

  /** The account of that name if the hash is still its own, so that a changed password holds at once. */
  async #stillOf(name: string, hash: string): Promise<AccountRecord | undefined> {
    const account = await this.#parts.accounts.byName(name);
    return account?.passwordHash === hash ? account : undefined;
  }

  #remember(name: string, password: string, hash: string): void {
    const digest = this.#digest(name, password);
    this.#verified.delete(digest);
    this.#verified.set(digest, { hash, at: this.#parts.clock.monotonic() });
    if (this.#verified.size <= VERIFIED_MAX) return;
    const oldest = this.#verified.keys().next();
    if (oldest.done !== true) this.#verified.delete(oldest.value);
  }

  #digest(name: string, password: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password]))
      .digest('base64');
  }
}

function joining(): MqttIdentity {
  return {
    kind: 'join',
    scope: `j:${randomBytes(12).toString('hex')}/`,
    label: 'joining',
    accountId: undefined,
    deviceId: undefined,
    deviceName: undefined,
    credentialId: undefined,
    prefixes: [JOIN_PREFIX],
  };
}
