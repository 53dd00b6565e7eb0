import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../../config/index.ts';
import { ITERATIONS, mosquittoHash } from '../devices/index.ts';
import { KeptFile } from '../kept-file.ts';

const FILE = 'base-station-users.json';
/** emonhub, Home Assistant, a script or two. */
const USERS_MAX = 50;
/** User names of devices have the same letters, and share one space with these. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const USER_PASSWORD_MIN = 12;
const PASSWORD_MAX = 256;
/** People choose these passwords: guessing shall cost (OWASP's least cost for scrypt). */
const COST: ScryptOptions = { N: 2 ** 14, r: 8, p: 1 };
const KEY_BYTES = 32;

/** A local program that reads what devices publish, or writes to them too. */
const baseStationUser = z.strictObject({
  name: z.string().regex(NAME),
  /** `write` may do what `read` may. Both: everything below the base topic. */
  access: z.enum(['read', 'write']),
  salt: z.string(),
  /** base64 of scrypt of its password. */
  hash: z.string(),
  /** The same for mosquitto's password file. */
  mosquittoHash: z.string().optional(),
  addedAt: z.number(),
});
export type BaseStationUser = z.output<typeof baseStationUser>;

const kept = z.strictObject({ users: z.array(baseStationUser).max(USERS_MAX) });

/** Programs on the LAN that use the base station's broker. */
export class BaseStationUsers {
  readonly #file: KeptFile<typeof kept>;
  readonly #onChange: () => void;

  private constructor(file: KeptFile<typeof kept>, onChange: () => void) {
    this.#file = file;
    this.#onChange = onChange;
  }

  /** `onChange`: one came, has another password or access, or went. @throws ConfigError */
  static async open(dataFolder: string, onChange: () => void): Promise<BaseStationUsers> {
    return new BaseStationUsers(await KeptFile.open(dataFolder, FILE, kept, { users: [] }), onChange);
  }

  list(): readonly BaseStationUser[] {
    return this.#file.value.users;
  }

  byName(name: string): BaseStationUser | undefined {
    return this.list().find((user) => user.name === name);
  }

  /** Adds one, or gives it another password and access. @throws ConfigError */
  async put(wish: {
    readonly name: string;
    readonly access: BaseStationUser['access'];
    readonly password: string;
    readonly at: number;
  }): Promise<void> {
    const { name, access, password, at } = wish;
    if (!NAME.test(name)) {
      throw new ConfigError(`"${name}" is no user name: use 1 to 32 lower-case letters, digits and hyphens`);
    }
    if (password.length < USER_PASSWORD_MIN || password.length > PASSWORD_MAX) {
      throw new ConfigError(`the password of a user has ${USER_PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
    }
    const salt = randomBytes(16);
    const hash = (await derive(password, salt)).toString('base64');
    const made = {
      ...{ name, access, salt: salt.toString('base64'), hash, addedAt: at },
      mosquittoHash: mosquittoHash(password, ITERATIONS.chosen),
    };
    await this.#file.change(({ users }) => {
      const others = users.filter((user) => user.name !== name);
      if (others.length >= USERS_MAX)
        throw new ConfigError(`there are ${USERS_MAX} users already: remove one`);
      return { users: [...others, made] };
    });
    this.#onChange();
  }

  /** @returns false: there is no such user */
  async remove(name: string): Promise<boolean> {
    if (this.byName(name) === undefined) return false;
    await this.#file.change(({ users }) => ({ users: users.filter((user) => user.name !== name) }));
    this.#onChange();
    return true;
  }

  /** Undefined: wrong, or changed meanwhile. */
  async signIn(name: string, password: string): Promise<BaseStationUser | undefined> {
    const user = this.byName(name);
    if (user === undefined || password.length > PASSWORD_MAX) return undefined;
    const hash = await derive(password, Buffer.from(user.salt, 'base64'));
    const fits = timingSafeEqual(hash, Buffer.from(user.hash, 'base64'));
    return fits && this.byName(name) === user ? user : undefined;
  }
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password, salt, KEY_BYTES, COST, (error, key) => (error ? reject(error) : resolve(key))),
  );
}
