import type { PortRequest } from '../../call-home/index.ts';
import type { CommandResult, DeviceCommand, StockDialect } from '../../ssh/stock-dialect.ts';

/** `device` and the MAC address of the router's radio, as `ssh` gives it for the user name. */
const USER = /^device[0-9a-f]{12}$/i;
/** The command is a path on the original server, wherever that was. */
const PING = /^(?:\S*\/)?et-home-ping\.sh$/;

/** The inbox of a device; the relay's own is one. */
export interface EtInbox {
  /** Reads at most so many requests; they count as read. */
  take(deviceId: string, max: number): readonly Pick<PortRequest, 'devicePort' | 'relayPort'>[];
  /** The request that names this port. */
  match(deviceId: string, relayPort: number): unknown;
}

/**
 * The routers of ET Phone Home, unchanged: busybox and dropbear, every minute from cron. They execute
 * `…/et-home-ping.sh` and read `0` or `<device port>:<server port>`, one message for each call; then they start
 * `ssh -N -R <server port>:localhost:<device port>`. What nobody asked for they may not forward.
 */
export class EtPhoneHome implements StockDialect {
  readonly commands = ['et-home-ping.sh'];
  /** The user name is a hardware address; people call the device something else. */
  readonly keyIsEnough = true;
  readonly #inbox: EtInbox;

  constructor(parts: { readonly inbox: EtInbox }) {
    this.#inbox = parts.inbox;
  }

  isFor(userName: string): boolean {
    return USER.test(userName);
  }

  run({ device, text }: DeviceCommand): Promise<CommandResult> | undefined {
    if (!PING.test(text)) return undefined;
    const [message] = this.#inbox.take(device.id, 1);
    const output = message === undefined ? '0\n' : `${message.devicePort}:${message.relayPort}\n`;
    return Promise.resolve({ output, code: 0 });
  }

  refusal(deviceId: string, bindPort: number): string | undefined {
    return this.#inbox.match(deviceId, bindPort) === undefined
      ? `nobody asked this device for port ${bindPort}`
      : undefined;
  }
}
