import { randomInt } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';
import type { EmoncmsCall } from './call.ts';
import { encodeRequest, parseResponse, requestTopic } from './messages.ts';

/** The patience of the original server, from when somebody asks. Those that wait get their turn within that, or never. */
const ANSWER_MS = 5_000;
/** Calls that wait for one client, which answers one at a time; a page asks for six at once. */
const WAITING_MAX = 16;
/**
 * A client that has said nothing for so long is sent the next call beside: it says nothing at all to what its access
 * list does not have, and what it may have is waited for no longer than it has to be. If it is only slow, it finds the
 * call when it is done: it reads them one after the other.
 */
const QUIET_MS = 1_000;
/** A call that would have less time than this is not sent any more: it would be answered to nobody. */
const LEAST_MS = 50;
/** Calls that a client has at a time: the one that it is silent about, and the next. */
const SENT_MAX = 2;

export interface CallLineParts {
  readonly send: (topic: string, payload: string) => void;
  /** What the account is called in the topics that the client listens to. */
  readonly account: string;
  readonly clock: Clock;
  /** Counts what was dropped. */
  readonly dropped: Readonly<Record<'late' | 'rubbish', { add(count: number): void }>>;
  /** An answer that is none, for the log. */
  readonly complain: (reason: string) => void;
}

interface Call {
  readonly clientId: string;
  readonly message: string;
  /** Monotonic. */
  readonly until: number;
  settle(outcome: { readonly result: unknown } | PorchlightError): void;
}

/** The calls to one original client: one at a time, in order. */
export class CallLine {
  readonly #parts: CallLineParts;
  readonly #waiting: Call[] = [];
  /** Sent and not answered, and whether the client has been silent about it for long. */
  readonly #sent = new Map<string, { readonly call: Call; quiet: boolean }>();
  /** An answer to an earlier connection's call must not fit. */
  #count = randomInt(1_000_000_000);

  constructor(parts: CallLineParts) {
    this.#parts = parts;
  }

  /**
   * Asks the client. Who asks may leave: the client is not asked for it then, if that has not been done.
   * @throws PorchlightError `busy`, `device_timeout` (5 s), `bad_answer`, `device_offline`
   */
  ask(call: EmoncmsCall, signal: AbortSignal): Promise<unknown> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new PorchlightError('busy'));
    if (signal.aborted) return Promise.reject(new PorchlightError('device_timeout'));
    this.#count += 1;
    const clientId = `srv_${this.#parts.account}_${this.#count}`;
    return new Promise((resolve, reject) => {
      const settle: Call['settle'] = (outcome) => {
        signal.removeEventListener('abort', leave);
        cancel();
        this.#sent.delete(clientId);
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        if (outcome instanceof PorchlightError) reject(outcome);
        else resolve(outcome.result);
        this.#sendNext();
      };
      const cancel = this.#parts.clock.after(ANSWER_MS, () => settle(new PorchlightError('device_timeout')));
      // The client works on what it was sent: it is not sent more before it is done with that.
      const leave = (): void => {
        if (!this.#sent.has(clientId)) settle(new PorchlightError('device_timeout', 'The asker has left'));
      };
      const until = this.#parts.clock.monotonic() + ANSWER_MS;
      const waiting: Call = { clientId, message: encodeRequest(clientId, call), until, settle };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#sendNext();
    });
  }

  /** The client's answer to what was asked under this id. */
  answer(clientId: string, payload: Uint8Array): void {
    const sent = this.#sent.get(clientId);
    // Late, a second time, or made up.
    if (sent === undefined) return this.#parts.dropped.late.add(1);
    const answer = parseResponse(payload);
    if (answer === undefined) {
      this.#parts.dropped.rubbish.add(1);
      this.#parts.complain('its answer is not {"request": …, "result": …}');
    }
    sent.call.settle(answer ?? new PorchlightError('bad_answer'));
  }

  /** The client is gone. Idempotent. */
  close(): void {
    const left = [...this.#waiting.splice(0), ...[...this.#sent.values()].map(({ call }) => call)];
    this.#sent.clear();
    for (const { settle } of left) settle(new PorchlightError('device_offline'));
  }

  #sendNext(): void {
    const busy = [...this.#sent.values()].some(({ quiet }) => !quiet);
    if (busy || this.#sent.size >= SENT_MAX) return;
    // Those before it end by their own clocks.
    const at = this.#waiting.findIndex(({ until }) => until - this.#parts.clock.monotonic() >= LEAST_MS);
    const [call] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (call === undefined) return;
    const sent = { call, quiet: false };
    this.#sent.set(call.clientId, sent);
    this.#parts.clock.after(QUIET_MS, () => {
      if (this.#sent.get(call.clientId) !== sent) return;
      sent.quiet = true;
      this.#sendNext();
    });
    this.#parts.send(requestTopic(this.#parts.account), call.message);
  }
}
