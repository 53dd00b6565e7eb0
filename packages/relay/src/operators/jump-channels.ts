import { adoptChannel, joinStreams } from '@porchlight/link';
import type { Channel, TcpipRequestInfo } from 'ssh2';
import { authorise, type Person } from '../access/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceRecord, DeviceStore } from '../devices/index.ts';
import type { DevicePorts } from '../forward/index.ts';
import {
  Allowance,
  HoldBack,
  hasUsablePacketSize,
  OPEN_FAILURE,
  type OperatorClient,
  refuseChannel,
} from '../ssh/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { type ChannelRefusal, noSuchDevice, refusalOf, TOO_MANY } from './channel-refusal.ts';
import { type Destination, parseDestination } from './destination.ts';

/** Channels of one connection, open or waiting: a browser on `-L` opens some dozens. */
const CHANNELS_MAX = 256;
/** Channels that may be asked for. */
const OPEN_LIMITS = { burst: CHANNELS_MAX, perSecond: 32 };
/** Longest wait for a device that calls home, whatever {@link DevicePorts} would wait: somebody sits in front of it. */
const PATIENCE_MS = 5.5 * 60_000;
/** Different destinations of one connection that are written to the audit log, once each. */
const NOTED_MAX = 100;

export interface JumpParts {
  readonly devices: Pick<DeviceStore, 'byName'>;
  readonly ports: DevicePorts;
  /** When and why the last link of a device ended. */
  readonly offlineSince: (device: DeviceRecord) => { at: number; reason: string | undefined } | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the connection lends to its channels. */
export interface JumpHost {
  readonly client: OperatorClient;
  /** Who it is now; undefined when it is nobody any more, and the connection ends. */
  readonly person: () => Promise<Person | undefined>;
  /** Tells the person something beside the channel, where there is a terminal or a standard error. */
  readonly tell: (text: string) => void;
  readonly end: (reason: string) => void;
}

/**
 * The channels of one operator to devices (`direct-tcpip`, RFC 4254 §7.2): for `ssh -J`, `-W` and `-L`. What runs in
 * them is between the person and the device.
 */
export class JumpChannels {
  readonly #parts: JumpParts;
  readonly #host: JumpHost;
  readonly #holdBack: HoldBack;
  readonly #allowance: Allowance;
  readonly #noted = new Set<string>();
  readonly #ended = new AbortController();
  #count = 0;

  constructor(parts: JumpParts, host: JumpHost) {
    this.#parts = parts;
    this.#host = host;
    this.#holdBack = new HoldBack(host.client.socket);
    this.#allowance = new Allowance(parts.clock, OPEN_LIMITS);
  }

  /** Open or waiting. */
  get count(): number {
    return this.#count;
  }

  open(accept: () => Channel, reject: () => void, info: TcpipRequestInfo): void {
    const refuse = ({ reason, text }: ChannelRefusal): void => {
      if (!this.#ended.signal.aborted) refuseChannel(this.#host.client.connection, reject, reason, text);
    };
    if (this.#count >= CHANNELS_MAX || !this.#allowance.take()) return refuse(TOO_MANY);
    this.#count += 1;
    this.#serve(accept, refuse, info).catch((error: unknown) => {
      this.#count -= 1;
      this.#parts.logger.error(
        { error, address: this.#host.client.address },
        'channel of an operator failed',
      );
      refuse({ reason: OPEN_FAILURE.connectFailed, text: 'the relay failed' });
    });
  }

  /** The connection has ended: nothing is waited for any more. */
  close(): void {
    this.#ended.abort();
  }

  async #serve(
    accept: () => Channel,
    refuse: (refusal: ChannelRefusal) => void,
    info: TcpipRequestInfo,
  ): Promise<void> {
    const destination = parseDestination(info.destIP, info.destPort);
    const found = destination && (await this.#find(destination));
    if (destination === undefined || found === undefined) {
      this.#count -= 1;
      this.#parts.logger.info(
        { address: this.#host.client.address },
        'operator asked for no device of theirs',
      );
      return refuse(noSuchDevice(info.destIP));
    }
    const { device, person } = found;
    const patience = new AbortController();
    const cancelPatience = this.#parts.clock.after(PATIENCE_MS, () => patience.abort());
    let stream: Awaited<ReturnType<DevicePorts['open']>>;
    try {
      stream = await this.#parts.ports.open(device, destination.target, {
        from: { address: this.#host.client.address, port: info.srcPort },
        signal: AbortSignal.any([this.#ended.signal, patience.signal]),
        onWaiting: ({ dueAt }) => this.#host.tell(waitingFor(device.name, dueAt - this.#parts.clock.now())),
      });
    } catch (error) {
      this.#count -= 1;
      if (patience.signal.aborted) {
        return refuse({
          reason: OPEN_FAILURE.connectFailed,
          text: `${device.name} did not call home in time`,
        });
      }
      return refuse(refusalOf(error, device, destination, this.#parts.offlineSince(device)));
    } finally {
      cancelPatience();
    }
    if (this.#ended.signal.aborted) {
      this.#count -= 1;
      stream.destroy();
      return;
    }
    this.#note(person, device, destination);
    const opened = accept();
    if (!hasUsablePacketSize(opened)) {
      stream.destroy();
      return this.#host.end('the client asked for packets that are too small');
    }
    const channel = adoptChannel(opened, () => this.#host.end('the client sent more than it was allowed to'));
    this.#holdBack.apply(opened);
    joinStreams(channel, stream, () => {
      this.#count -= 1;
    });
  }

  /** The person's own device of that name; undefined for any other alike. */
  async #find({ device: name, target }: Destination) {
    const person = await this.#host.person();
    const device = person && (await this.#parts.devices.byName(name));
    if (person === undefined || device === undefined || device.accountId !== person.accountId)
      return undefined;
    const service = 'port' in target ? undefined : target.service;
    authorise(person, 'device:reach', { accountId: device.accountId, deviceId: device.id, service });
    return { person, device };
  }

  #note(person: Person, device: DeviceRecord, { target }: Destination): void {
    const what = 'port' in target ? `port ${target.port}` : target.service;
    const key = `${device.id} ${what}`;
    if (this.#noted.has(key) || this.#noted.size >= NOTED_MAX) return;
    this.#noted.add(key);
    this.#parts.audit.append({
      accountId: person.accountId,
      at: this.#parts.clock.now(),
      actor: person.accountName,
      action: 'operator.channel',
      deviceId: device.id,
      target: device.name,
      address: this.#host.client.address,
      detail: { to: what },
    });
  }
}

/** `inMs`: until the device is expected. */
export function waitingFor(device: string, inMs: number): string {
  const seconds = Math.max(0, Math.round(inMs / 1000));
  return `waiting for ${device}, which calls home: expected ${seconds === 0 ? 'any moment' : `in ${seconds} s`}`;
}
