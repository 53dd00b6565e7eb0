import { PorchlightError, problemOf } from '@porchlight/protocol';
import type { Problem } from '@porchlight/protocol/api';
import type { Clock } from '../clock.ts';
import type { ServiceRecord } from '../devices/index.ts';
import type { EventBus } from '../events.ts';
import type { HomeAsk, HomeCalls } from './home-calls.ts';
import { LastAnswers } from './last-answers.ts';
import { accepted } from './parse-answers.ts';
import type { Question } from './questions.ts';

/** Who asks which service. */
export interface EmoncmsAsk extends Omit<HomeAsk, 'service'> {
  readonly service: ServiceRecord;
}

type Told<T> = T & { readonly at: number; readonly failure?: Problem };

export interface EmoncmsViewParts {
  readonly calls: Pick<HomeCalls, 'call'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

/** What the console's page asks an emoncms at home, and the last answers where the owner wants them kept. */
export class EmoncmsView {
  readonly #parts: EmoncmsViewParts;
  readonly #kept = new LastAnswers();
  /** Counts what was forgotten: an answer that was asked for before must not be kept after it. */
  #forgotten = 0;
  readonly #unsubscribe: () => void;

  constructor(parts: EmoncmsViewParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.events.subscribe((event) => {
      if (event.type === 'device-removed') this.forget(event.deviceId);
    });
  }

  /**
   * Answers from home; where the owner wants last answers kept and there is one, that one, with why.
   * @throws PorchlightError as {@link HomeCalls.call}
   */
  async ask<T extends object>(
    ask: EmoncmsAsk,
    question: Question<T>,
  ): Promise<Told<Omit<T, 'at' | 'failure'>>> {
    const { device, service } = ask;
    const key = `${device.id} ${service.name}`;
    if (!service.keepLastAnswers) this.#kept.forget(key);
    const forgotten = this.#forgotten;
    try {
      const request = { method: 'GET', target: question.target, changes: false } as const;
      const answer = await this.#parts.calls.call({ ...ask, service: service.name }, request, (given) =>
        question.parse(accepted(given)),
      );
      const at = this.#parts.clock.now();
      if (service.keepLastAnswers && question.keep !== undefined && forgotten === this.#forgotten) {
        this.#kept.put(key, question.keep, at, answer);
      }
      return { ...answer, at };
    } catch (error) {
      if (!(error instanceof PorchlightError) || question.keep === undefined) throw error;
      const kept = service.keepLastAnswers ? this.#kept.get(key, question.keep) : undefined;
      if (kept === undefined) throw error;
      const failure = problemOf(error) as Problem;
      return { ...(kept.answer as Omit<T, 'at' | 'failure'>), at: kept.at, failure };
    }
  }

  /** Forgets what is kept of a device, or of one service of it. */
  forget(deviceId: string, service?: string): void {
    this.#forgotten += 1;
    const mine = (key: string) =>
      service === undefined ? key.startsWith(`${deviceId} `) : key === `${deviceId} ${service}`;
    this.#kept.forgetWhere(mine);
  }

  close(): void {
    this.#unsubscribe();
    this.#kept.forgetWhere(() => true);
  }
}
