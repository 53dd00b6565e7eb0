import type { ServiceKind } from '@porchlight/protocol';
import type { AccessMode } from '@porchlight/protocol/api';

/** Who may open a service in mode `basic`. */
export interface ServiceUser {
  readonly name: string;
  /** PHC string of argon2id. */
  readonly passwordHash: string;
}

/** A `tcp` service whose TLS ends on its device. */
export interface PassthroughRecord {
  readonly deviceId: string;
  readonly accountId: string;
  /** Present name of the device. */
  readonly deviceName: string;
  /** Present and former names. */
  readonly names: readonly string[];
  readonly service: string;
}

/** A service that is a Hue bridge for apps. */
export interface HueBridge {
  readonly deviceId: string;
  readonly deviceName: string;
  readonly service: string;
}

/** Users of one service: a wrong name costs one comparison with each of them. */
export const SERVICE_USERS_MAX = 32;

/**
 * Keeps what a person sets for a service. Each method is confined to the services of one account, and gives false when
 * there is no such service.
 */
export interface ServiceStore {
  setAccess(accountId: string, deviceId: string, service: string, access: AccessMode): Promise<boolean>;
  /** `auto`: what the device announces, or what trying finds, holds again. */
  setKind(accountId: string, deviceId: string, service: string, kind: ServiceKind | 'auto'): Promise<boolean>;
  /** On: TLS for the service's host name is passed on as it comes. */
  setPassthrough(accountId: string, deviceId: string, service: string, on: boolean): Promise<boolean>;
  setKeepLastAnswers(accountId: string, deviceId: string, service: string, on: boolean): Promise<boolean>;
  /** On: apps may use it by the Hue remote API. */
  setHueRemote(accountId: string, deviceId: string, service: string, on: boolean): Promise<boolean>;
  /** The account's services that apps may use by the Hue remote API, in order of device and name. */
  hueBridges(accountId: string): Promise<HueBridge[]>;
  /** Every service that TLS is passed on to; of one device, or of all. */
  passthroughs(deviceId?: string): Promise<PassthroughRecord[]>;
  /**
   * Adds a user of mode `basic`, or changes the password of the one with that name. Users stay when the mode changes,
   * for when it comes back.
   * @throws PorchlightError `conflict` beyond {@link SERVICE_USERS_MAX}
   */
  setUser(accountId: string, deviceId: string, service: string, user: ServiceUser): Promise<boolean>;
  /** False also when there is no such user. */
  removeUser(accountId: string, deviceId: string, service: string, name: string): Promise<boolean>;
  remove(accountId: string, deviceId: string, service: string): Promise<boolean>;
}
