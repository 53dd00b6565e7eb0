import type { Duplex } from 'node:stream';
import type { AnnouncedService, ServiceKind } from '@porchlight/protocol';
import type { LinkState } from '@porchlight/protocol/api';

export type LinkTransport = NonNullable<LinkState['transport']>;

/** One of the connections that a link consists of. */
export type LinkConnection = Pick<Link, 'bytesIn' | 'unsent' | 'ping' | 'end'>;

/** What serves for a device over another connection than its link's. */
export interface SideService {
  readonly services: readonly AnnouncedService[];
  /** @throws PorchlightError as {@link Link.openChannel} */
  openChannel(service: string): Promise<Duplex>;
}

/**
 * One live connection of a device. Whoever made it calls `end` or `destroy`; it leaves every table through its
 * `closed` event alone.
 */
export interface Link {
  readonly deviceId: string;
  readonly accountId: string;
  /** Name of the device when the link came up: for logs. */
  readonly deviceName: string;
  readonly transport: LinkTransport;
  /** Remote address. */
  readonly address: string;
  readonly upSince: number;
  readonly agent: string;
  /** A stock SSH client's: its services are remote forwards, which carry bytes as they come, whatever their kind. */
  readonly stock: boolean;
  readonly services: readonly AnnouncedService[];
  readonly paused: boolean;
  /** Last round trip through the data path, in ms, and when it was taken. */
  readonly rtt: { readonly ms: number; readonly at: number } | undefined;
  /** Bytes of the connection so far: from the device, to the device. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that wait because the device does not read. */
  readonly unsent: number;
  readonly openChannels: number;
  /** The connections that it consists of, each watched for itself; absent: it is one. */
  readonly connections?: Iterable<LinkConnection>;
  /**
   * Opens a channel to a service.
   * @throws PorchlightError `service_unknown`, `service_unreachable` (the device refused), `device_timeout`
   * (10 s without an answer), `busy` (too many channels), `device_offline` (the link ended meanwhile)
   */
  openChannel(service: string, from: { address: string; port: number }): Promise<Duplex>;
  /** Asks the device for a sign of life, if it does not give them by itself. */
  ping(): void;
  /**
   * A person has set what a service is, or leaves that to the link again (`auto`). Absent: the device says by itself what
   * its services are.
   */
  setKind?(service: string, kind: ServiceKind | 'auto'): void;
  /** What serves for the device beside it, from now on; undefined: nothing. What the link itself offers comes first. */
  alsoServe?(side: SideService | undefined): void;
  /**
   * Another link of the same device has come, which can do more: this one leaves the table, and its connections stay.
   * Absent: it is ended then.
   */
  giveWay?(): void;
  /** Tells the device to come back after `afterMs`, so that it does not take the end of the link for a fault. */
  drain(afterMs: number): void;
  /** Ends the connection and gives the reason to whoever asks later. Idempotent. */
  end(reason: string): void;
}

/** What happens to links, for those who keep records. */
export interface LinkListener {
  up(link: Link): void;
  /** A new round trip, changed services, paused or resumed. */
  changed(link: Link): void;
  down(link: Link, reason: string): void;
}
