import type { Forward, ForwardOptions } from '@porchlight/protocol/api';
import type { DeviceRecord } from '../devices/index.ts';
import type { PortTarget } from './device-ports.ts';

/** Who asks for a forward. */
export interface ForwardAsker {
  readonly accountId: string;
  readonly accountName: string;
  /** Where they are. */
  readonly address: string;
  /** Id of the access token, app's grant or SSH key that they came with: the forward ends with it. */
  readonly standsOn?: string | undefined;
}

export interface ForwardWish {
  readonly device: DeviceRecord;
  readonly target: PortTarget;
  /** How long it lives; undefined: an hour, or the longest there is. */
  readonly minutes?: number | undefined;
  /** Port on the relay; undefined: any of its range. */
  readonly relayPort?: number | undefined;
  /** Address of the relay to listen on; undefined: the configured one. */
  readonly bind?: string | undefined;
  /** Addresses and blocks that may connect; none: everybody. */
  readonly allow?: readonly string[] | undefined;
}

/**
 * Time-boxed TCP ports on the relay that lead to a device's port or `tcp` service. One to a device that calls home
 * waits until the device has picked it up. Changes are told as events `forward-changed` and `forward-ended`.
 */
export interface Forwards {
  readonly options: ForwardOptions;
  /** Those of an account, of one device or all, oldest first. */
  list(accountId: string, deviceId?: string): Forward[];
  /** Undefined: the account has none such, or it has ended. */
  get(accountId: string, id: string): Forward | undefined;
  /**
   * @throws PorchlightError `device_offline`, `service_unknown`, `device_paused`, `bad_request` (a web service of an
   * agent; a time, address, block or port that may not be asked for), `conflict` (the port is taken), `busy` (no port
   * is free, or there are too many)
   */
  open(by: ForwardAsker, wish: ForwardWish): Promise<Forward>;
  /** Ends it with its connections; false when the account has no such forward. */
  close(accountId: string, id: string): Promise<boolean>;
}
