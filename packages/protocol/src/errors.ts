/**
 * The one table of errors. Callers match on the code; each edge (HTTP API, published host names, agent,
 * CLI) translates an error once. A code is never reused for another meaning.
 */
interface ErrorKind {
  /** HTTP status (RFC 9110) that this error becomes. */
  readonly status: number;
  /** What went wrong, when no more exact message is given. */
  readonly title: string;
  /** What to do about it. */
  readonly hint: string;
  /** True when the same request may succeed later without change. */
  readonly retry: boolean;
}

export const ERRORS = {
  bad_request: {
    status: 400,
    title: 'The request is not understood',
    hint: 'Compare it with the API reference at /api/openapi.json.',
    retry: false,
  },
  ambiguous_path: {
    status: 400,
    title: 'The path can be read in more than one way',
    hint: 'Send it without dot segments, encoded slashes, backslashes, semicolons or control characters.',
    retry: false,
  },
  not_signed_in: {
    status: 401,
    title: 'Sign-in needed',
    hint: 'Sign in at the relay, or send an access token as "Authorization: Bearer …".',
    retry: false,
  },
  token_invalid: {
    status: 401,
    title: 'The access token has ended or was revoked',
    hint: 'Sign in again, or make a new token in the dashboard.',
    retry: false,
  },
  wrong_credentials: {
    status: 401,
    title: 'Name or password is wrong',
    hint: 'Check both. An admin can set a new password with "porchlight relay user password NAME".',
    retry: false,
  },
  forbidden: {
    status: 403,
    title: 'Not allowed for this account',
    hint: 'Ask an admin of the relay.',
    retry: false,
  },
  scope_missing: {
    status: 403,
    title: 'The access token does not allow this',
    hint: 'Use a token with that scope, or ask the person for it.',
    retry: false,
  },
  cross_site: {
    status: 403,
    title: 'The request comes from another site',
    hint: 'Send changes from the dashboard itself, or with an access token.',
    retry: false,
  },
  denied_by_device: {
    status: 403,
    title: "The device's own policy refused the request",
    hint: 'Its owner can change the policy file on the device; nobody can change it from here.',
    retry: false,
  },
  device_paused: {
    status: 503,
    title: 'The device is paused',
    hint: 'Somebody at the device said "porchlight agent pause". It ends with "porchlight agent resume".',
    retry: true,
  },
  not_found: { status: 404, title: 'Not found', hint: 'Check the address.', retry: false },
  conflict: {
    status: 409,
    title: 'It exists already',
    hint: 'Choose another name.',
    retry: false,
  },
  key_in_use: {
    status: 409,
    title: 'The key is in use',
    hint: 'Each device and each person has a key of their own; ssh-keygen makes one.',
    retry: false,
  },
  name_taken: {
    status: 409,
    title: 'The name is taken',
    hint: 'Choose another name. The name of a removed device stays reserved for the account that had it.',
    retry: false,
  },
  expired: {
    status: 410,
    title: 'It has expired or was used up',
    hint: 'Ask for a new one.',
    retry: false,
  },
  too_large: {
    status: 413,
    title: 'The request is too large',
    hint: 'Send less at once.',
    retry: false,
  },
  misdirected: {
    status: 421,
    title: 'This connection is not for that host',
    hint: 'TLS for it ends on the device itself: open it over https, on a connection of its own. Browsers do so by themselves.',
    retry: true,
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    hint: 'Wait as long as the Retry-After header says.',
    retry: true,
  },
  internal: {
    status: 500,
    title: 'The relay failed',
    hint: "The relay's log has the cause, under the same request id.",
    retry: true,
  },
  service_unreachable: {
    status: 502,
    title: 'The device is online, but the service behind it does not answer',
    hint: 'See whether the program on the device is running and listens where the agent was told.',
    retry: true,
  },
  bad_answer: {
    status: 502,
    title: 'The service behind the device gave no usable answer',
    hint: 'Ask the program on the device itself what is wrong; its own page may say more.',
    retry: true,
  },
  no_web_socket: {
    status: 501,
    title: 'WebSockets do not pass over MQTT',
    hint: 'Where this is needed, let the device link by SSH or HTTPS: porchlight agent via ssh.',
    retry: false,
  },
  device_offline: {
    status: 503,
    title: 'The device is offline',
    hint: 'It comes back by itself when it has power and internet.',
    retry: true,
  },
  service_unknown: {
    status: 503,
    title: 'The device does not offer this service now',
    hint: 'Expose it on the device: porchlight agent expose NAME TARGET.',
    retry: true,
  },
  device_timeout: {
    status: 504,
    title: 'The device did not answer in time',
    hint: 'Try again; if it stays so, look at the round trip on the page of the device.',
    retry: true,
  },
  relay_unreachable: {
    status: 503,
    title: 'The relay cannot be reached',
    hint: 'Check your own connection and the address of the relay, then try again.',
    retry: true,
  },
  busy: {
    status: 503,
    title: 'Too much is going on at once',
    hint: 'Try again in a moment.',
    retry: true,
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The one error type of Porchlight: a code of {@link ERRORS}, a message for people, and the cause. */
export class PorchlightError extends Error {
  readonly code: ErrorCode;
  /** Further members of the problem document, e.g. `{ offlineSince }`. JSON values only, never secrets. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message?: string,
    options?: { cause?: unknown; detail?: Readonly<Record<string, unknown>> },
  ) {
    super(message ?? ERRORS[code].title, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PorchlightError';
    this.code = code;
    this.detail = options?.detail ?? {};
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  get retry(): boolean {
    return ERRORS[this.code].retry;
  }
}

/** A problem document (RFC 9457) for an error; `application/problem+json`. */
export function problemOf(error: PorchlightError): Record<string, unknown> {
  return {
    ...error.detail,
    type: `urn:porchlight:error:${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
  };
}
