import type { LinkedService } from '@porchlight/protocol';
import type { Clock } from '../clock.ts';
import { type AgentConfig, systemErrorCode } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { LanDoor } from './lan-door.ts';
import { lanServices } from './lan-services.ts';
import { ownLanAddress } from './own-address.ts';

/** A device may get another address at any time, and is asked for by the one that it told last. */
const LOOK_MS = 30_000;
const EVERYWHERE = '0.0.0.0';

export interface LanSideParts {
  /** Private key of the device in OpenSSH's format. */
  readonly privateKey: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The address of the door has changed: services are to be announced anew. */
  readonly onChange: () => void;
}

/** What a device shows of itself on its LAN: nothing, unless its owner has switched it on. */
export class LanSide {
  readonly #parts: LanSideParts;
  readonly #cancelLook: () => void;
  #config: AgentConfig;
  #open:
    | { readonly door: LanDoor; readonly listen: string; readonly host: string; readonly port: number }
    | undefined;
  /** Origin that is announced; undefined: none. */
  #origin: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: LanSideParts, config: AgentConfig) {
    this.#parts = parts;
    this.#config = config;
    this.#cancelLook = parts.clock.every(LOOK_MS, () => void this.configure(this.#config));
  }

  /** Takes over a configuration: opens, closes or moves the door. A port that cannot be had is logged and tried again. */
  configure(config: AgentConfig): Promise<void> {
    this.#config = config;
    this.#last = this.#last.then(() => this.#place());
    return this.#last;
  }

  /** The services, with the door at those that are open on the LAN. */
  withDoor(services: readonly LinkedService[]): LinkedService[] {
    const origin = this.#origin;
    if (origin === undefined) return [...services];
    const opened = lanServices(this.#config.services, new URL(origin).hostname);
    return services.map((service) => (opened.has(service.name) ? { ...service, lan: origin } : service));
  }

  async close(): Promise<void> {
    this.#cancelLook();
    await this.#last;
    this.#open?.door.close();
  }

  async #place(): Promise<void> {
    const { lan } = this.#config;
    const listen = lan === undefined || lan === 'off' ? undefined : `${lan.host}:${lan.port}`;
    if (this.#open?.listen !== listen) {
      this.#open?.door.close();
      this.#open = undefined;
      if (listen !== undefined && lan !== undefined && lan !== 'off') await this.#listen(lan, listen);
    }
    this.#look();
  }

  async #listen({ host, port }: { host: string; port: number }, listen: string): Promise<void> {
    const { privateKey, clock, logger } = this.#parts;
    const door = new LanDoor({
      privateKey,
      clock,
      device: () => this.#config.name ?? 'device',
      services: (at) => lanServices(this.#config.services, at),
    });
    try {
      const got = await door.listen(host, port);
      this.#open = { door, listen, host, port: got };
      logger.info({ host, port: got }, 'door on the LAN open');
    } catch (error) {
      door.close();
      logger.error(
        { host, port, reason: systemErrorCode(error) ?? String(error) },
        'door on the LAN not opened',
      );
    }
  }

  #look(): void {
    const address = this.#open?.host === EVERYWHERE ? ownLanAddress() : this.#open?.host;
    const origin =
      this.#open === undefined || address === undefined ? undefined : `http://${address}:${this.#open.port}`;
    if (origin === this.#origin) return;
    this.#origin = origin;
    this.#parts.onChange();
  }
}
