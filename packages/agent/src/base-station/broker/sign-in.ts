import type { LanDevice, LanDevices } from '../devices/index.ts';
import { Rates } from '../rates.ts';
import type { BaseStationUser, BaseStationUsers } from '../users/index.ts';
import { CHECKS_MAX, SIGN_IN_TRIES } from './limits.ts';

/** Who has signed in at the LAN's broker. */
export type BrokerClient =
  | { readonly kind: 'device'; readonly device: LanDevice }
  | { readonly kind: 'user'; readonly user: BaseStationUser };

/** Return codes of a CONNACK (MQTT 3.1.1 §3.2.2.3). */
export const CONNACK = { clientId: 2, unavailable: 3, badPassword: 4, notAuthorised: 5 } as const;

/** A CONNECT is answered with no. */
export class ConnectRefusal extends Error {
  readonly returnCode: (typeof CONNACK)[keyof typeof CONNACK];

  constructor(returnCode: ConnectRefusal['returnCode'], message: string) {
    super(message);
    this.returnCode = returnCode;
  }
}

export interface SignInParts {
  readonly devices: Pick<LanDevices, 'signIn' | 'byId'>;
  readonly users: Pick<BaseStationUsers, 'signIn' | 'byName'>;
  /** Monotonic, in ms. */
  readonly now: () => number;
}

/** Tells who signs in, and bounds how often an address may be wrong. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #tries: Rates;
  #checks = 0;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#tries = new Rates(SIGN_IN_TRIES, parts.now);
  }

  /** @throws ConnectRefusal */
  async identify(username: string, password: string, address: string): Promise<BrokerClient> {
    if (!this.#tries.take(address)) {
      throw new ConnectRefusal(CONNACK.unavailable, 'too many wrong passwords from this address; try later');
    }
    const found = await this.#find(username, password);
    if (found === undefined) throw new ConnectRefusal(CONNACK.badPassword, 'user name or password is wrong');
    this.#tries.giveBack(address);
    return found;
  }

  /** Whether these are still its credentials. */
  isCurrent(client: BrokerClient): boolean {
    const { devices, users } = this.#parts;
    if (client.kind === 'user') return users.byName(client.user.name) === client.user;
    const now = devices.byId(client.device.id);
    return now?.revokedAt === undefined && now?.passwordHash === client.device.passwordHash;
  }

  async #find(username: string, password: string): Promise<BrokerClient | undefined> {
    const { devices, users } = this.#parts;
    if (users.byName(username) === undefined) {
      const device = devices.signIn(username, password);
      return device && { kind: 'device', device };
    }
    if (this.#checks >= CHECKS_MAX) {
      throw new ConnectRefusal(CONNACK.unavailable, 'too many programs sign in at the same time; try again');
    }
    this.#checks += 1;
    try {
      const user = await users.signIn(username, password);
      return user && { kind: 'user', user };
    } finally {
      this.#checks -= 1;
    }
  }
}
