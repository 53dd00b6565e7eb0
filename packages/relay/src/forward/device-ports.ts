import type { Duplex } from 'node:stream';
import type { DeviceRecord } from '../devices/index.ts';

/** What somebody wants to reach on a device: a service by its name, or whatever listens on a TCP port. */
export type PortTarget = { readonly service: string } | { readonly port: number };

export interface ReachOptions {
  /** Where the caller is, for the device (RFC 4254 §7.2). */
  readonly from: { readonly address: string; readonly port: number };
  /** Ends the waiting for a device that calls home; the request is then withdrawn unless others wait too. */
  readonly signal: AbortSignal;
  /**
   * For how long a port that was asked for is kept for a next connection; ten minutes unless told. 0 is for whoever
   * keeps it otherwise.
   */
  readonly lingerMs?: number;
  /** Called once when a device that calls home has to be waited for; `dueAt`: when its next call is expected. */
  readonly onWaiting?: (waiting: { readonly dueAt: number }) => void;
}

/** The one way to a device's TCP ports: for forwards, for operators' jumps, for the terminal. */
export interface DevicePorts {
  /**
   * Opens a byte stream to the target. A port is that of a service which its device announced with that port, else of
   * the service named so (`22`, or `ssh` for 22). A device that calls home is asked and waited for.
   * @throws PorchlightError `device_offline`, `service_unknown`, `service_unreachable`, `device_timeout`,
   * `device_paused`, `busy`, `bad_request` (the target is a web service of an agent, which is opened by its address)
   */
  open(device: DeviceRecord, target: PortTarget, options: ReachOptions): Promise<Duplex>;
}
