import type { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { type LanDevice, NODE } from '../devices/index.ts';
import type { BrokerClient } from './sign-in.ts';

/** By which port a client came. */
export type LanDoor = 'mqtt' | 'mqtts';

/** One client of the LAN's broker, for as long as its connection lasts. */
export class LanConnection {
  readonly address: string;
  readonly door: LanDoor;
  /** ms since 1970. */
  readonly since: number;
  /** As the client calls itself. */
  clientId = '';
  /** Set when it has signed in. */
  who: BrokerClient | undefined;
  /** Why it ended, once somebody has said so; nothing of it is published any more then, nor is its will. */
  endedFor: string | undefined;
  readonly filters = new Set<string>();
  readonly #stream: Duplex;

  constructor(stream: Duplex, from: { address: string; door: LanDoor; since: number }) {
    this.#stream = stream;
    this.address = from.address;
    this.door = from.door;
    this.since = from.since;
  }

  /** Bytes that wait because the client does not read. */
  get unread(): number {
    return this.#stream.writableLength;
  }

  end(reason: string): void {
    this.endedFor ??= reason;
    this.#stream.destroy();
  }
}

/** What a client is in the log and in limits: no two have the same. */
export function labelOf(who: BrokerClient): string {
  return who.kind === 'device' ? `device ${who.device.id}` : `user ${who.user.name}`;
}

/** The prefix that a client owns; undefined: a device that has not said yet which node it is. */
export function prefixOf(
  who: BrokerClient,
  baseTopic: string,
  device: LanDevice | undefined,
): string | undefined {
  if (who.kind === 'user') return `${baseTopic}/`;
  return device?.node === undefined ? undefined : `${baseTopic}/${device.node}/`;
}

/** The node that a topic or filter names; undefined: none that a device can have. */
export function nodeIn(topic: string, baseTopic: string): string | undefined {
  const [base, node, ...rest] = topic.split('/');
  return base === baseTopic && rest.length > 0 && node !== undefined && NODE.test(node) ? node : undefined;
}

/** What aedes 1.2.0 has beside what its types tell; the version is pinned for this reason. */
export interface InsideClient extends Client {
  id: string;
  readonly _parser: {
    parse(bytes: Buffer): number;
    prependListener(
      event: 'packet',
      listener: (packet: { subscriptions?: { qos: number }[]; unsubscriptions?: unknown[] }) => void,
    ): void;
  };
}
