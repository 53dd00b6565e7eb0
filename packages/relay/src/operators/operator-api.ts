import type { LiveEvent } from '@porchlight/protocol/api';
import type { Identity, Person } from '../access/index.ts';

/** Who calls the API from within the relay. */
export interface OperatorCaller {
  readonly person: Person;
  readonly address: string;
  /** Who it is now. */
  readonly identify: () => Promise<Identity>;
}

export interface OperatorRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path with query. */
  readonly path: string;
  readonly body?: object;
}

/** Where live events go; see `LiveEvents` of the API. */
export interface OperatorEvents {
  send(event: LiveEvent, key: string | undefined): void;
  beat(): void;
  end(): void;
  readonly ended: boolean;
}

/** The HTTP API without HTTP: every rule, check, limit and audit entry is that of the same request over HTTP. */
export interface OperatorApi {
  /** The answer's body, as JSON gives it; undefined for 204. @throws PorchlightError what the API answered */
  call(caller: OperatorCaller, request: OperatorRequest): Promise<unknown>;
  /** @throws PorchlightError as `/api/events` answers */
  watch(caller: OperatorCaller, open: (onEnd: () => void) => OperatorEvents): void;
}
