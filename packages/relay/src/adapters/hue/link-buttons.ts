import { PorchlightError } from '@porchlight/protocol';
import type { AuditAction, LinkButtonRequest } from '@porchlight/protocol/api';
import type { Person } from '../../access/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { EventBus } from '../../events.ts';
import { newId } from '../../secrets.ts';

/** A person who has the console open answers within this; programs wait no longer. */
const QUESTION_MS = 60_000;
/** Questions to one account: a program asks one for each bridge. */
const PER_ACCOUNT_MAX = 10;
/** After a no, the same program is told no for so long without the person being asked. */
const DENIED_MS = 60_000;
const DENIED_MAX = 1_000;

/** Who wants the link button of which bridge pressed. */
export interface PressWish {
  readonly accountId: string;
  /** What the program's access stands on. */
  readonly tokenId: string;
  /** Name of the app. */
  readonly app: string;
  readonly device: { readonly id: string; readonly name: string };
  readonly service: string;
  readonly address: string;
}

export type PressAnswer = 'allowed' | 'denied' | 'expired';

interface Question {
  readonly wish: PressWish;
  readonly view: LinkButtonRequest;
  readonly answer: Promise<PressAnswer>;
  readonly end: (answer: PressAnswer) => void;
  /** Programs that wait: the question goes with the last of them. */
  waiting: number;
}

/** Asks owners whether the link button of a bridge may be pressed for an app. */
export class LinkButtons {
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #questions = new Map<string, Question>();
  /** Program and bridge → until when it is told no, monotonic. */
  readonly #denied = new Map<string, number>();
  readonly #unsubscribe: () => void;

  constructor(parts: { audit: Audit; events: EventBus; clock: Clock }) {
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.events.subscribe((event) => {
      for (const { wish, end } of this.#questions.values()) {
        if (event.type === 'access-token-revoked' && event.tokenId === wish.tokenId) end('denied');
        if (event.type === 'account-removed' && event.accountId === wish.accountId) end('denied');
        if (event.type === 'device-removed' && event.deviceId === wish.device.id) end('denied');
      }
    });
  }

  get size(): number {
    return this.#questions.size;
  }

  /** Resolves with the owner's answer; `signal` when the program leaves. @throws PorchlightError `too_many_requests` */
  async ask(wish: PressWish, signal: AbortSignal): Promise<PressAnswer> {
    const key = keyOf(wish);
    if ((this.#denied.get(key) ?? 0) > this.#clock.monotonic()) return 'denied';
    const question =
      [...this.#questions.values()].find((one) => keyOf(one.wish) === key) ?? this.#begin(wish);
    question.waiting += 1;
    const leave = (): void => {
      question.waiting -= 1;
      if (question.waiting === 0) question.end('expired');
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    try {
      return await question.answer;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  list(accountId: string): LinkButtonRequest[] {
    return [...this.#questions.values()].flatMap(({ wish, view }) =>
      wish.accountId === accountId ? [view] : [],
    );
  }

  /** @throws PorchlightError `not_found` when nobody waits for it any more */
  answer(person: Person, id: string, allow: boolean, address: string): void {
    const question = this.#questions.get(id);
    if (question?.wish.accountId !== person.accountId) {
      throw new PorchlightError('not_found', 'Nobody waits for this answer any more');
    }
    const { wish } = question;
    if (!allow) this.#keepDenied(keyOf(wish));
    this.#note(wish, allow ? 'link-button.allowed' : 'link-button.denied', person.accountName, address);
    question.end(allow ? 'allowed' : 'denied');
  }

  /** For the audit: the owner had agreed beforehand. */
  noteAgreed(wish: PressWish): void {
    this.#note(wish, 'link-button.allowed', 'relay', wish.address, { agreed: 'beforehand' });
  }

  close(): void {
    this.#unsubscribe();
    for (const { end } of this.#questions.values()) end('expired');
  }

  #begin(wish: PressWish): Question {
    if (this.list(wish.accountId).length >= PER_ACCOUNT_MAX) {
      throw new PorchlightError('too_many_requests', 'Too many programs wait for an answer of the owner', {
        detail: { retryAfter: Math.ceil(QUESTION_MS / 1000) },
      });
    }
    const { promise, resolve } = Promise.withResolvers<PressAnswer>();
    const askedAt = this.#clock.now();
    const { accountId, app, device, service, address } = wish;
    const id = newId();
    const view = { id, app, device, service, address, askedAt, expiresAt: askedAt + QUESTION_MS };
    const cancel = this.#clock.after(QUESTION_MS, () => end('expired'));
    const end = (outcome: PressAnswer): void => {
      if (!this.#questions.delete(id)) return;
      cancel();
      this.#events.publish({ type: 'link-button-ended', accountId, requestId: id, outcome });
      resolve(outcome);
    };
    const question = { wish, view, answer: promise, end, waiting: 0 };
    this.#questions.set(id, question);
    this.#events.publish({ type: 'link-button-asked', accountId, request: view });
    this.#note(wish, 'link-button.asked', `app ${app}`, address);
    return question;
  }

  #keepDenied(key: string): void {
    if (this.#denied.size >= DENIED_MAX) this.#denied.clear();
    this.#denied.set(key, this.#clock.monotonic() + DENIED_MS);
  }

  #note(
    { accountId, app, device, service }: PressWish,
    action: AuditAction & `link-button.${string}`,
    actor: string,
    address: string,
    more: Readonly<Record<string, string>> = {},
  ): void {
    this.#audit.append({
      accountId,
      at: this.#clock.now(),
      actor,
      action,
      deviceId: device.id,
      target: `${service} of ${device.name}`,
      address,
      detail: { app, ...more },
    });
  }
}

function keyOf({ tokenId, device, service }: PressWish): string {
  return `${tokenId} ${device.id} ${service}`;
}
