import { type RelayIdentity, relayIdentity } from '@porchlight/protocol/api';
import { CommandError } from '../../command-error.ts';

const DEADLINE_MS = 20_000;
/** Codes of Node and OpenSSL for a certificate that nobody here vouches for. */
const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Asks a relay who it is. @throws CommandError that names cause and mend */
export async function fetchIdentity(origin: string, signal?: AbortSignal): Promise<RelayIdentity> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(`${origin}/.well-known/porchlight`, {
      redirect: 'error',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
  } catch (error) {
    throw unreached(origin, error);
  }
  const parsed = relayIdentity.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new CommandError(`${origin} is no Porchlight relay`, { hint: 'check the address' });
}

/** Why nothing answered, from the codes of the system. */
export function unreached(origin: string, error: unknown): CommandError {
  const code = codeOf(error);
  if (UNKNOWN_AUTHORITY.has(code)) {
    return new CommandError(`${origin} has a certificate from an authority that is not known here`, {
      hint: `if the relay has one of its own, fetch ${origin}/install/ca.pem over a way you trust and add --ca ca.pem`,
      cause: error,
    });
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new CommandError(`the certificate of ${origin} is not valid now (${code})`, {
      hint: "look at the clock of this machine, then at the relay's certificate",
      cause: error,
    });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new CommandError(`the certificate of ${origin} is for another name`, {
      hint: 'check the address',
      cause: error,
    });
  }
  return new CommandError(`${origin} cannot be reached (${code})`, {
    hint:
      code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'check the name and your network'
        : 'check the address and your network',
    cause: error,
  });
}

/** The innermost code of an error of `fetch`, which wraps what the network said. */
export function codeOf(error: unknown): string {
  let code = error instanceof Error ? error.message : String(error);
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    code = 'code' in at && typeof at.code === 'string' ? at.code : at.message;
  }
  return code;
}
