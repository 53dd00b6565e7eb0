import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../../config/index.ts';
import { KeptFile } from '../kept-file.ts';
import { type LanDevice, lanDevice, NODE } from './lan-device.ts';
import { ITERATIONS, mosquittoHash } from './mosquitto-hash.ts';

const FILE = 'lan-devices.json';
/** One base station serves a house, not a city. */
const DEVICES_MAX = 500;
/** base64url of 18 bytes: 24 characters, no colon, short enough for the fields of old firmware. */
const PASSWORD_BYTES = 18;

const kept = z.strictObject({ devices: z.array(lanDevice).max(DEVICES_MAX) });

/** What a device was told, once. */
export interface MadeCredentials {
  readonly device: LanDevice;
  readonly password: string;
}

/** The WiFi devices that were let in, and their credentials, of which hashes only are kept. */
export class LanDevices {
  readonly #file: KeptFile<typeof kept>;
  readonly #byUsername = new Map<string, LanDevice>();
  readonly #onChange: (device: LanDevice) => void;
  readonly #isReserved: (name: string) => boolean;

  private constructor(
    file: KeptFile<typeof kept>,
    onChange: (device: LanDevice) => void,
    isReserved: (name: string) => boolean,
  ) {
    this.#file = file;
    this.#onChange = onChange;
    this.#isReserved = isReserved;
    this.#index();
  }

  /**
   * `onChange` hears of each device that was added, changed or revoked; `isReserved` tells the names that are those of
   * others at the broker. @throws ConfigError
   */
  static async open(
    dataFolder: string,
    onChange: (device: LanDevice) => void,
    isReserved: (name: string) => boolean = () => false,
  ): Promise<LanDevices> {
    const file = await KeptFile.open(dataFolder, FILE, kept, { devices: [] });
    return new LanDevices(file, onChange, isReserved);
  }

  /** In the order in which they were let in. */
  list(): readonly LanDevice[] {
    return this.#file.value.devices;
  }

  byId(id: string): LanDevice | undefined {
    return this.list().find((device) => device.id === id);
  }

  byKey(key: string): LanDevice | undefined {
    return this.list().find((device) => device.key === key && device.revokedAt === undefined);
  }

  /** The device that signs in at the broker so; undefined: wrong, or revoked. */
  signIn(username: string, password: string): LanDevice | undefined {
    const device = this.#byUsername.get(username);
    const expected = Buffer.from(device?.passwordHash ?? hashOf(''), 'hex');
    const fits = timingSafeEqual(expected, Buffer.from(hashOf(password), 'hex'));
    return fits && device?.revokedAt === undefined ? device : undefined;
  }

  /** Makes a device with credentials of its own. @throws ConfigError when there are too many, or the disk is full */
  async add(
    wish: Pick<LanDevice, 'way' | 'key' | 'mac' | 'address' | 'node'> & { name: string; at: number },
  ): Promise<MadeCredentials> {
    const password = randomBytes(PASSWORD_BYTES).toString('base64url');
    const { at, ...facts } = wish;
    let made: LanDevice | undefined;
    await this.#file.change(({ devices }) => {
      // A device that is let in anew takes the place of what it was before.
      const others = devices.filter(({ key, revokedAt }) => {
        return revokedAt === undefined && (wish.key === undefined || key !== wish.key);
      });
      if (others.length >= DEVICES_MAX) {
        throw new ConfigError(`there are ${DEVICES_MAX} devices already: forget one first`);
      }
      const name = freeName(wish.name, others, this.#isReserved);
      made = {
        ...facts,
        name,
        id: randomBytes(8).toString('hex'),
        username: name,
        ...hashesOf(password),
        allowedAt: at,
      };
      return { devices: [...others, made] };
    });
    if (made === undefined) throw new ConfigError('no device was made');
    this.#index();
    this.#onChange(made);
    return { device: made, password };
  }

  /** A new password in place of the old one, which stops working at once. Undefined: no such device. */
  async rotate(id: string): Promise<MadeCredentials | undefined> {
    const password = randomBytes(PASSWORD_BYTES).toString('base64url');
    const device = await this.#change(id, (before) => ({ ...before, ...hashesOf(password) }));
    return device && { device, password };
  }

  /** Takes its credentials back. */
  revoke(id: string, at: number): Promise<LanDevice | undefined> {
    return this.#change(id, (device) =>
      device.revokedAt === undefined ? { ...device, revokedAt: at } : device,
    );
  }

  /** The device's first message claims the node that it names. False: the node is another's. */
  async claimNode(id: string, node: string): Promise<boolean> {
    if (!NODE.test(node)) return false;
    const known = this.byId(id)?.node;
    if (known !== undefined) return known === node;
    const device = await this.#change(id, (before) =>
      before.node === undefined && !this.#isTaken(node, id) ? { ...before, node } : before,
    );
    return device?.node === node;
  }

  /** Claims the wished node for a device that has none, or with a number behind it when another has that. */
  async claimFreeNode(id: string, wish: string): Promise<string> {
    for (let n = 1; ; n += 1) {
      const node = n === 1 ? wish : `${wish}-${n}`;
      if (await this.claimNode(id, node)) return node;
      // Among so many devices one of so many names is free.
      if (n > DEVICES_MAX) throw new ConfigError(`there is no node "${wish}" to be had: choose another name`);
    }
  }

  #isTaken(node: string, id: string): boolean {
    return this.list().some(
      (other) => other.node === node && other.id !== id && other.revokedAt === undefined,
    );
  }

  async #change(id: string, change: (device: LanDevice) => LanDevice): Promise<LanDevice | undefined> {
    await this.#file.change((value) => {
      const devices = value.devices.map((device) => (device.id === id ? change(device) : device));
      return devices.every((device, at) => device === value.devices[at]) ? value : { devices };
    });
    this.#index();
    const device = this.byId(id);
    if (device !== undefined) this.#onChange(device);
    return device;
  }

  #index(): void {
    this.#byUsername.clear();
    for (const device of this.list()) this.#byUsername.set(device.username, device);
  }
}

function hashesOf(password: string): Pick<LanDevice, 'passwordHash' | 'mosquittoHash'> {
  return {
    passwordHash: hashOf(password),
    mosquittoHash: mosquittoHash(password, ITERATIONS.random),
  };
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

/** The wished name, else with a number behind it. User names of the broker are of these letters. */
function freeName(wish: string, taken: readonly LanDevice[], isReserved: (name: string) => boolean): string {
  const base =
    wish
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 32) || 'device';
  const names = new Set(taken.map(({ name }) => name));
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!names.has(name) && !isReserved(name)) return name;
  }
}
