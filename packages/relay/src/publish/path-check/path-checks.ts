import { PorchlightError } from '@porchlight/protocol';
import type { PathCheck } from '@porchlight/protocol/api';
import type { Clock } from '../../clock.ts';
import type { LinkTable } from '../../links/index.ts';
import type { ChannelPools } from '../channel-pools.ts';
import { type CheckAsk, Looker } from './looker.ts';

/** For all of a check. */
const CHECK_MS = 20_000;
/** Checks at the same time, of all accounts and of one: each holds a few pages in memory, as long as its device wants. */
const RUNNING_MAX = 16;
const PER_ACCOUNT_MAX = 2;

/** Looks at a service as a visitor under a prefix would get it, and says what will not work there. */
export class PathChecks {
  readonly #links: Pick<LinkTable, 'get'>;
  readonly #pools: Pick<ChannelPools, 'agent'>;
  readonly #clock: Clock;
  /** Accounts whose checks run, once for each. */
  readonly #running: string[] = [];

  constructor(parts: { links: Pick<LinkTable, 'get'>; pools: Pick<ChannelPools, 'agent'>; clock: Clock }) {
    this.#links = parts.links;
    this.#pools = parts.pools;
    this.#clock = parts.clock;
  }

  /**
   * Fetches the page at the prefix and some of its files, through the device's link: its policy holds.
   * @throws PorchlightError `busy`, and whatever keeps a visitor from the page: `device_offline`, `denied_by_device` …
   */
  async check(ask: CheckAsk, signal: AbortSignal): Promise<PathCheck> {
    const link = this.#links.get(ask.device.id);
    if (link === undefined) throw new PorchlightError('device_offline', `${ask.device.name} is offline`);
    if (!link.services.some(({ name }) => name === ask.service.name)) {
      throw new PorchlightError('service_unknown');
    }
    const { accountId } = ask.device;
    const own = this.#running.filter((one) => one === accountId).length;
    if (own >= PER_ACCOUNT_MAX || this.#running.length >= RUNNING_MAX) throw new PorchlightError('busy');
    this.#running.push(accountId);
    const started = this.#clock.monotonic();
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS)]);
      const look = new Looker(ask, this.#pools.agent(link, ask.service.name), deadline);
      const result = await look.run();
      return { ...result, took: Math.round(this.#clock.monotonic() - started) };
    } finally {
      this.#running.splice(this.#running.indexOf(accountId), 1);
    }
  }
}
