import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';
import type { Clock } from '../clock.ts';
import type { SecretStore } from '../config/index.ts';
import { newId } from '../secrets.ts';

const NAME = 'oauth-signing-keys';
/** A key signs for so long. The one after it is shown all that time already, so that apps know it when it begins. */
const KEY_LIFE_MS = 90 * 24 * 3600_000;
/** RS256 is what every OpenID Connect client expects when nothing else was agreed on (OpenID Connect Core §15.1). */
const BITS = 2048;

const makePair = promisify(generateKeyPair);

interface SigningKey {
  readonly jwk: JWK & { readonly kid: string };
  /** When it began to sign, or will. */
  readonly from: number;
}

/** Keys that sign id tokens: made when first needed, kept in the database, changed every three months. */
export class SigningKeys {
  readonly #secrets: SecretStore;
  readonly #clock: Clock;

  constructor(parts: { secrets: SecretStore; clock: Clock }) {
    this.#secrets = parts.secrets;
    this.#clock = parts.clock;
  }

  /** With their private parts: the one that signs, the one after it, and the one before it while its id tokens may live. */
  async current(): Promise<(JWK & { readonly kid: string })[]> {
    const now = this.#clock.now();
    const kept = await this.#secrets.get(NAME);
    const keys =
      kept === undefined
        ? parse(await this.#secrets.getOrInsert(NAME, JSON.stringify(await firstKeys(now))))
        : parse(kept);
    const next = keys[1];
    if (next === undefined || next.from > now) return keys.map(({ jwk }) => jwk);
    const turned = [next, await makeKey(now + KEY_LIFE_MS), ...keys.slice(0, 1)];
    await this.#secrets.set(NAME, JSON.stringify(turned));
    return turned.map(({ jwk }) => jwk);
  }
}

async function firstKeys(now: number): Promise<SigningKey[]> {
  return Promise.all([makeKey(now), makeKey(now + KEY_LIFE_MS)]);
}

async function makeKey(from: number): Promise<SigningKey> {
  const { privateKey } = await makePair('rsa', { modulusLength: BITS });
  const jwk = privateKey.export({ format: 'jwk' }) as JWK;
  return { jwk: { ...jwk, kid: newId(), alg: 'RS256', use: 'sig' }, from };
}

/** As this class wrote it. */
function parse(text: string): SigningKey[] {
  return JSON.parse(text) as SigningKey[];
}
