import { parseRelayOrigin } from '@porchlight/protocol';
import { type RelayIdentity, relayIdentity } from '@porchlight/protocol/api';
import { ConfigError } from '../config/index.ts';
import { type RelayRequestOptions, requestRelay } from './relay-request.ts';

/**
 * The origin in what a person typed: `relay.example`, `https://relay.example:8443/…`; plain `http:` on loopback names
 * only.
 * @throws ConfigError
 */
export function parseRelayUrl(text: string): string {
  const parsed = parseRelayOrigin(text);
  if (parsed.origin === undefined) throw new ConfigError(`${parsed.problem}: ${parsed.hint}`);
  return parsed.origin;
}

/** Asks a relay who it is. @throws ConfigError that names cause and mend */
export async function fetchRelayIdentity(
  origin: string,
  options: RelayRequestOptions,
): Promise<RelayIdentity> {
  const { status, body } = await requestRelay(
    new URL('/.well-known/porchlight', origin),
    { method: 'GET' },
    options,
  );
  if (status !== 200) {
    throw new ConfigError(`${origin} answers ${status}: is this the address of the relay?`);
  }
  const parsed = relayIdentity.safeParse(jsonOf(body));
  if (!parsed.success) throw new ConfigError(`${origin} is no Porchlight relay: check the address`);
  return parsed.data;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema refuses it with the right words.
    return undefined;
  }
}
