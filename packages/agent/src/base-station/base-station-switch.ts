import type { Clock } from '../clock.ts';
import { type AgentConfig, ConfigError } from '../config/index.ts';
import type { BaseStationAnswer, BaseStationAsk } from '../local/index.ts';
import type { Logger } from '../log/index.ts';
import type { BaseStation, BaseStationParts } from './base-station.ts';
import { answerAsk, openBaseStation } from './load.ts';

/** A port that another program has may be free later. */
const RETRY_MS = 30_000;

export interface BaseStationSwitchParts
  extends Pick<BaseStationParts, 'dataFolder' | 'clock' | 'logger' | 'isPerson' | 'audit'> {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The base station of an agent, open as long as the configuration says so. One that cannot be opened does not keep the
 * agent from its link: the reason is logged, shown, and it is tried again.
 */
export class BaseStationSwitch {
  readonly #parts: BaseStationSwitchParts;
  readonly #listeners = new Set<() => void>();
  #wanted: AgentConfig['baseStation'];
  #open: { readonly station: BaseStation; readonly for: string } | undefined;
  #problem: string | undefined;
  #cancelRetry: (() => void) | undefined;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: BaseStationSwitchParts) {
    this.#parts = parts;
  }

  /** Undefined: it is switched off, or cannot be opened. */
  get station(): BaseStation | undefined {
    return this.#open?.station;
  }

  /** Why it is not open although it is switched on. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Calls at each change of requests and devices, and when it opens or closes. Gives what ends that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes a configuration over; resolves when it is open or closed as wanted, or cannot be. */
  configure(config: AgentConfig): Promise<void> {
    this.#wanted = config.baseStation;
    return this.#inTurn();
  }

  /** @throws ConfigError */
  async answer(ask: BaseStationAsk): Promise<BaseStationAnswer> {
    await this.#last;
    if (this.#open !== undefined) return answerAsk(this.#open.station, ask);
    throw new ConfigError(
      this.#problem ??
        'this agent is no base station: switch that on with "porchlight agent base-station on"',
    );
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    await this.#inTurn();
  }

  #inTurn(): Promise<void> {
    this.#last = this.#last.then(() => this.#place());
    return this.#last;
  }

  async #place(): Promise<void> {
    const wanted = this.#closed ? undefined : this.#wanted;
    const text = JSON.stringify(wanted);
    if (this.#open?.for === text) return;
    this.#cancelRetry?.();
    this.#problem = undefined;
    await this.#open?.station.close();
    this.#open = undefined;
    if (wanted !== undefined) await this.#start(wanted, text);
    this.#tell();
  }

  async #start(settings: NonNullable<AgentConfig['baseStation']>, text: string): Promise<void> {
    try {
      const station = await openBaseStation({
        ...this.#parts,
        settings,
        onChange: () => this.#tell(),
      });
      this.#open = { station, for: text };
    } catch (error) {
      if (!(error instanceof ConfigError)) this.#parts.logger.error({ error }, 'base station failed');
      this.#problem =
        error instanceof ConfigError ? error.message : 'the base station failed; the log says why';
      this.#parts.logger.error({ reason: this.#problem }, 'base station not open');
      this.#cancelRetry = this.#parts.clock.after(RETRY_MS, () => void this.#inTurn());
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
