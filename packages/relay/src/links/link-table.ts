import type { AnnouncedService } from '@porchlight/protocol';
import type { LinkState, ProbeResult } from '@porchlight/protocol/api';

/** What the rest of the relay asks about live links. */
export interface LiveLinks {
  /** The live part of a device's link state; undefined when no link is up. */
  state(deviceId: string): LinkState | undefined;
  /** Services announced over the present link; undefined when no link is up. */
  services(deviceId: string): readonly AnnouncedService[] | undefined;
  /** Bytes of the present link not yet in the store: from the device, to the device. */
  bytes(deviceId: string): { in: number; out: number };
  /** Asks for one answer through the data path. Never throws: a failure is a result. */
  probe(deviceId: string, service: string, signal: AbortSignal): Promise<ProbeResult>;
  /** Ends the present link, if there is one; the reason is told to the device. */
  end(deviceId: string, reason: string): void;
}
