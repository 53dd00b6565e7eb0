import { createHash, type KeyObject } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log/index.ts';
import { BEACON_GROUP, BEACON_PORT, rawPublicKey } from './beacon.ts';
import { BeaconSender } from './beacon-sender.ts';
import { BeaconSequence } from './beacon-sequence.ts';
import { sendToAll } from './datagrams.ts';
import { Ear } from './ear.ts';
import { LanInterfaces } from './interfaces.ts';
import type { LanPorts } from './lan-ports.ts';
import { type MdnsService, openMdns } from './mdns/index.ts';
import { type Notice, Notices } from './notices.ts';
import { Pairing } from './pairing.ts';
import { EMONESP_TEXT, Watch } from './watch.ts';

/** Where old firmware waits for a broadcast. */
const EMONESP_PORT = 5005;
/** Others are asked so often who they are; what they announce by themselves is heard at once. */
const ASK_MS = 300_000;

export interface DiscoveryParts {
  readonly dataFolder: string;
  /** The base station's lasting Ed25519 key. */
  readonly identity: KeyObject;
  /** The host name wished for, without `.local`. */
  readonly hostName: string;
  /** What is open to the LAN; undefined: closed. */
  readonly ports: LanPorts;
  /** Whether devices with EmonESP's firmware are let in, so that they are told where. */
  readonly emonesp: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A name was taken or lost, pairing switched, or something noticed. */
  onChange(): void;
}

export interface DiscoveryStatus {
  /** `name.local` as it is now; undefined: not published, or not yet. */
  readonly hostName: string | undefined;
  /** As it should be. */
  readonly wanted: string;
  /** Our addresses, IPv4 first. */
  readonly addresses: readonly string[];
  /** What of being found does not work here, one sentence each. */
  readonly problems: readonly string[];
  readonly notices: readonly Notice[];
}

export type Discovery = Awaited<ReturnType<typeof openDiscovery>>;

/** How a base station's key is known by name: base64url of the SHA-256 of its 32 bytes. */
export function fingerprintOf(key: KeyObject): string {
  return createHash('sha256').update(rawPublicKey(key)).digest('base64url');
}

/**
 * Lets the devices on the LAN find the base station, and notices who poses as it. What cannot be had here is said once,
 * and the rest works. @throws ConfigError: the file of the beacon's sequence is damaged
 */
export async function openDiscovery(parts: DiscoveryParts) {
  const { dataFolder, identity, hostName, ports, emonesp, clock, logger, onChange } = parts;
  const problem = (reason: string): void => {
    logger.warn({ reason }, 'the base station is not found in every way');
  };
  const sequence = await BeaconSequence.open(dataFolder);
  const notices = new Notices({ clock, logger, onChange });
  let isOpen = false;
  let hasChanged = false;
  /** Where nothing is open to the LAN there is nothing to be found. */
  const isQuiet = Object.values(ports).every((port) => port === undefined);
  const onInterfaces = (): void => {
    hasChanged = true;
    if (isOpen) follow();
  };
  const interfaces = new LanInterfaces(clock, onInterfaces, isQuiet ? () => ({}) : networkInterfaces);
  const fingerprint = fingerprintOf(identity);
  const watch = new Watch({
    ...{ key: rawPublicKey(identity), fingerprint, notices },
    isOwn: (address) => interfaces.isOwn(address),
  });
  const beacons = new BeaconSender({
    ...{ identity, sequence, clock, logger },
    ports,
    interfaces: () => interfaces.list,
  });
  const tell = async (): Promise<void> => {
    for (const { name, ipv4 } of interfaces.list) {
      for (const place of ipv4) {
        const failed = await sendToAll(place, EMONESP_PORT, EMONESP_TEXT);
        if (failed.length > 0) logger.debug({ name, failed }, 'broadcast not sent everywhere');
      }
    }
  };
  let telling: Promise<void> = Promise.resolve();
  const pairing = new Pairing({
    clock,
    onChange,
    tell() {
      if (emonesp) telling = telling.then(tell);
    },
  });
  const mdns = await openMdns({
    ...{ clock, random: Math.random, label: hostName, services: servicesOf(parts, fingerprint), interfaces },
    onNamed(label) {
      logger.info({ hostName: `${label}.local` }, 'host name on the LAN');
      onChange();
      ask();
    },
    onConflict: (label, from) => notices.note('name-taken', from, `${label}.local`),
    onProblem: problem,
    onResponse: (packet, from) => watch.mdns(packet, from),
  });
  /** So that an impostor that waits to be asked is heard too. */
  const ask = (): void =>
    mdns.ask([
      { name: '_porchlight._tcp.local', type: 'PTR' },
      { name: 'emonpi.local', type: 'A' },
    ]);
  const cancelAsk = clock.every(ASK_MS, ask);
  const heard = {
    clock,
    addresses: () => interfaces.list.flatMap(({ ipv4 }) => ipv4.slice(0, 1).map(({ address }) => address)),
    onProblem: problem,
  };
  const ears = isQuiet
    ? []
    : [
        new Ear({ ...heard, port: EMONESP_PORT, onDatagram: (bytes, from) => watch.broadcast(bytes, from) }),
        new Ear({
          ...{ ...heard, port: BEACON_PORT, group: BEACON_GROUP },
          onDatagram: (bytes, from) => watch.beacon(bytes, from),
        }),
      ];
  function follow(): void {
    logger.info({ addresses: addressesOf(interfaces) }, 'addresses on the LAN have changed');
    void mdns.follow();
    beacons.send();
    for (const ear of ears) ear.join();
    onChange();
  }
  isOpen = true;
  if (hasChanged) follow();
  beacons.send();
  return {
    /** When devices are told where the base station is. */
    pairing: {
      /** Minutes from now, 10 by default. */
      on: (minutes?: number) => pairing.on(minutes),
      off: () => pairing.off(),
      get state() {
        return pairing.state;
      },
    },
    fingerprint,
    /** A person looks at the requests, once: say so each time, every few seconds. */
    look: () => pairing.look(),
    status: (): DiscoveryStatus => ({
      hostName: mdns.hostName(),
      wanted: `${hostName}.local`,
      addresses: addressesOf(interfaces),
      problems: [...mdns.problems(), ...ears.flatMap(({ problem: each }) => each ?? [])],
      notices: notices.list(),
    }),
    /** Takes back what was published. */
    async close(): Promise<void> {
      pairing.close();
      cancelAsk();
      interfaces.close();
      await mdns.close();
      await beacons.close();
      await telling;
      for (const ear of ears) await ear.close();
    },
  };
}

function servicesOf({ ports, hostName }: DiscoveryParts, fingerprint: string): MdnsService[] {
  const services: [string, number | undefined, string[]][] = [
    ['_porchlight._tcp', ports.http, ['v=1', `id=${fingerprint}`, 'path=/porchlight/lan/v1']],
    ['_mqtt._tcp', ports.mqtt, [`base=${hostName}`]],
    ['_secure-mqtt._tcp', ports.mqtts, [`base=${hostName}`]],
  ];
  return services.flatMap(([type, port, txt]) => (port === undefined ? [] : [{ type, port, txt }]));
}

function addressesOf(interfaces: LanInterfaces): string[] {
  const { list } = interfaces;
  return [
    ...list.flatMap(({ ipv4 }) => ipv4.map(({ address }) => address)),
    ...list.flatMap(({ ipv6 }) => ipv6),
  ];
}
