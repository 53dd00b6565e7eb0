/** One finished request to a published host, as the access log tells it. */
export interface AccessEntry {
  /** When the request's head had come, ms since 1970. */
  readonly at: number;
  /** The visitor's address. */
  readonly address: string;
  /** Name of the account, or user name of mode `basic`, that was let in. */
  readonly user: string | undefined;
  readonly method: string;
  /** Path and query as they were sent, one latin1 character for each byte; secrets are not masked yet. */
  readonly target: string;
  readonly httpVersion: string;
  /** {@link LEFT_EARLY} when the visitor left before there was an answer. */
  readonly status: number;
  /** Of the answer's body; after an upgrade all that was sent. */
  readonly bytes: number;
  /** From the request's head to the end of the answer, or of the connection after an upgrade. */
  readonly ms: number;
  readonly host: string;
  readonly device: string;
  readonly service: string;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
  readonly secure: boolean;
  /** It ended before all of the answer was sent. */
  readonly aborted: boolean;
  /** The request asked for another protocol, such as a WebSocket. */
  readonly upgrade: boolean;
}

/** nginx's status for a visitor who left before any answer; log readers know it. */
export const LEFT_EARLY = 499;
