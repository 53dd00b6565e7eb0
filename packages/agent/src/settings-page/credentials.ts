import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ConfigError, readTextFile, replaceFile, systemErrorCode } from '../config/index.ts';

const FILE = 'settings-page.json';
const FILE_MAX = 4096;
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;
/** Of RFC 7914; 32 MiB and some 60 ms on a small board. The device's one file carries no argon2. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const KEY_BYTES = 32;
/** Without letters and digits that look alike. */
const CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ23456789';
const CODE_LENGTH = 8;

const kept = z.strictObject({ salt: z.string().max(64), hash: z.string().max(128) });

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

/** The page's password, of which a hash is kept in the data folder; until it is set, the code that claims the page. */
export class Credentials {
  readonly #path: string;
  #kept: z.infer<typeof kept> | undefined;
  /** Made anew at each start, and whenever the password is taken away. */
  #code: string;

  private constructor(path: string, found: z.infer<typeof kept> | undefined) {
    this.#path = path;
    this.#kept = found;
    this.#code = newCode();
  }

  /** @throws ConfigError */
  static async open(dataFolder: string): Promise<Credentials> {
    const path = join(dataFolder, FILE);
    return new Credentials(path, await read(path));
  }

  /**
   * Looks whether the password was changed or taken away by somebody at the device. @returns true when it was
   * @throws ConfigError when the file is damaged; the password that was there before still holds then
   */
  async look(): Promise<boolean> {
    const found = await read(this.#path);
    if (found?.hash === this.#kept?.hash) return false;
    this.#kept = found;
    this.#code = newCode();
    return true;
  }

  /** Shown on the device only; undefined once the page is claimed. */
  get claimCode(): string | undefined {
    return this.#kept === undefined ? `${this.#code.slice(0, 4)}-${this.#code.slice(4)}` : undefined;
  }

  isClaimCode(text: string): boolean {
    if (this.#kept !== undefined) return false;
    return equal(text.toUpperCase().replace(/[^A-Z0-9]/g, ''), this.#code);
  }

  /** @throws ConfigError when it is too short or too long */
  async setPassword(password: string): Promise<void> {
    if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) {
      throw new ConfigError(`a password has ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
    }
    const salt = randomBytes(16);
    const hash = await derive(password, salt, KEY_BYTES, COST);
    const next = { salt: salt.toString('base64'), hash: hash.toString('base64') };
    await replaceFile(this.#path, `${JSON.stringify(next)}\n`, 0o600);
    this.#kept = next;
  }

  async isPassword(password: string): Promise<boolean> {
    if (this.#kept === undefined || password.length > PASSWORD_MAX) return false;
    const hash = await derive(password, Buffer.from(this.#kept.salt, 'base64'), KEY_BYTES, COST);
    return timingSafeEqual(hash, Buffer.from(this.#kept.hash, 'base64'));
  }
}

/** Takes the page's password away: who has the next code claims it. @returns false when there was none */
export async function forgetPassword(dataFolder: string): Promise<boolean> {
  const path = join(dataFolder, FILE);
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw new ConfigError(`${path} cannot be removed (${systemErrorCode(error)}): ask as the agent's user`, {
      cause: error,
    });
  }
}

async function read(path: string): Promise<z.infer<typeof kept> | undefined> {
  try {
    return kept.parse(JSON.parse((await readTextFile(path, FILE_MAX)).text));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} is damaged: remove it, and claim the settings page again`, {
      cause: error,
    });
  }
}

function newCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
