import type { Packet } from 'dns-packet';
import type { Clock } from '../../../clock.ts';
import type { LanInterfaces } from '../interfaces.ts';
import type { MdnsPacket, MdnsService } from './records.ts';
import { Responder, type Sender } from './responder.ts';
import { MdnsSockets } from './sockets.ts';

/** What could not be opened is tried again so often. */
const RETRY_MS = 20_000;

export interface MdnsParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Label wished for: the host name without `.local`. */
  readonly label: string;
  readonly services: readonly MdnsService[];
  readonly interfaces: LanInterfaces;
  /** The name is ours: the one wished for, or another. */
  onNamed(label: string): void;
  onConflict(label: string, from: string): void;
  onProblem(reason: string): void;
  /** What others say. */
  onResponse(packet: MdnsPacket, from: Sender): void;
}

export type Mdns = Awaited<ReturnType<typeof openMdns>>;

/**
 * Publishes the base station by DNS-SD over mDNS, on every interface, IPv4 and IPv6. Where that cannot be done it says why
 * and waits for the interfaces to change. Never throws.
 */
export async function openMdns(parts: MdnsParts) {
  const { clock, random, label, services, interfaces } = parts;
  const sockets = new MdnsSockets({
    monotonic: () => clock.monotonic(),
    onPacket(on, packet, from) {
      responder.receive(on, packet, from);
      if (packet.isResponse) parts.onResponse(packet, from);
    },
    onProblem: (reason) => parts.onProblem(reason),
  });
  const responder = new Responder({
    ...{ clock, random, label, services },
    interfaces: () => interfaces.list,
    send: (on, packet, to) => sockets.send(on, packet, to),
    onNamed: (name) => parts.onNamed(name),
    onConflict: (name, from) => parts.onConflict(name, from),
  });
  const follow = async (): Promise<void> => {
    await sockets.follow(interfaces.list);
    if (sockets.size > 0) responder.start();
  };
  await follow();
  // A port may become free, and multicast may come with a route.
  const cancelRetry = clock.every(RETRY_MS, () => {
    const before = sockets.size;
    void sockets.follow(interfaces.list).then(() => {
      if (sockets.size > before) responder.start();
    });
  });
  return {
    /** Interfaces or addresses are others now: everything is said again there. */
    follow,
    /** E.g. `porchlight-2.local`; undefined: there is none, or not yet. */
    hostName: () => (responder.isNamed && sockets.size > 0 ? `${responder.label}.local` : undefined),
    /** What cannot be had now, one sentence each. */
    problems: () => sockets.problems(),
    /** Asks everybody; what they say comes to `onResponse`. */
    ask(questions: NonNullable<Packet['questions']>): void {
      for (const lan of interfaces.list) sockets.send(lan, { type: 'query', questions: [...questions] });
    },
    /** Says goodbye. */
    async close(): Promise<void> {
      cancelRetry();
      responder.stop();
      await sockets.close();
    },
  };
}
