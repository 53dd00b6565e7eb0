import type {
  Allowance,
  Device,
  EnrolmentToken,
  JoinRequest,
  MadeEnrolmentToken,
  NewEnrolmentToken,
} from '@porchlight/protocol/api';
import { type ApiCaller, type CallOptions, part } from './caller.ts';
import { everyItem, type Page } from './pages.ts';

/** Join requests: devices that ask to be let in. */
export class JoinRequests {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  /** Those that wait for this account, or the one whose code the device shows. */
  async list({ code, signal }: CallOptions & { code?: string | undefined } = {}): Promise<JoinRequest[]> {
    return (
      await this.#caller.call<Page<JoinRequest>>('GET', '/api/join-requests', { query: { code }, signal })
    ).items;
  }

  /** Lets the device in. `code` is the one that the device shows. */
  allow(id: string, allowance: Allowance, options?: CallOptions): Promise<Device> {
    return this.#caller.call('POST', `/api/join-requests/${part(id)}/allow`, { ...options, body: allowance });
  }

  deny(id: string, code: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('POST', `/api/join-requests/${part(id)}/deny`, { ...options, body: { code } });
  }
}

/** Enrolment tokens: they let devices in without a person. */
export class EnrolmentTokens {
  readonly #caller: ApiCaller;

  constructor(caller: ApiCaller) {
    this.#caller = caller;
  }

  all(options?: CallOptions): AsyncGenerator<EnrolmentToken, void, undefined> {
    return everyItem<EnrolmentToken>(this.#caller, '/api/enrolment-tokens', options);
  }

  /** The answer alone has the token itself. */
  make(wish: NewEnrolmentToken = {}, options?: CallOptions): Promise<MadeEnrolmentToken> {
    return this.#caller.call('POST', '/api/enrolment-tokens', { ...options, body: wish });
  }

  revoke(id: string, options?: CallOptions): Promise<void> {
    return this.#caller.call('DELETE', `/api/enrolment-tokens/${part(id)}`, options);
  }
}
