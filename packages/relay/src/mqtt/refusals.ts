import { PorchlightError } from '@porchlight/protocol';
import type { AuthenticateError } from 'aedes';

/** CONNACK return codes (MQTT 3.1.1 §3.2.2.3). */
export const CONNACK = { clientId: 2, unavailable: 3, credentials: 4, notAuthorised: 5 } as const;

/** A CONNECT that is answered with this code, after which the connection ends. */
export class ConnectRefusal extends Error {
  readonly returnCode: (typeof CONNACK)[keyof typeof CONNACK];

  constructor(returnCode: (typeof CONNACK)[keyof typeof CONNACK], message: string) {
    super(message);
    this.returnCode = returnCode;
  }
}

/** What a failed sign-in is to an MQTT client: 3 asks it to come back later, 4 and 5 tell that it need not. */
export function toRefusal(error: unknown): ConnectRefusal {
  if (error instanceof ConnectRefusal) return error;
  if (!(error instanceof PorchlightError)) {
    return new ConnectRefusal(CONNACK.unavailable, error instanceof Error ? error.message : String(error));
  }
  const code =
    error.code === 'wrong_credentials'
      ? CONNACK.credentials
      : error.code === 'forbidden'
        ? CONNACK.notAuthorised
        : CONNACK.unavailable;
  return new ConnectRefusal(code, error.message);
}

/** As the broker library wants it. */
export function asLibraryError(refusal: ConnectRefusal): AuthenticateError {
  return refusal;
}
