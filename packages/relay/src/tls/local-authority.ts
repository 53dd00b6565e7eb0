import { createSecureContext, type SecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import type { Clock } from '../clock.ts';
import type { SecretStore } from '../config/index.ts';
import type { Logger } from '../telemetry/index.ts';
import {
  type Authority,
  type Leaf,
  leafNames,
  makeAuthority,
  makeLeaf,
  readAuthority,
} from './certificates.ts';
import { PairHolder, type TlsSource } from './tls-source.ts';

const DAY_MS = 86_400_000;
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** Often enough to notice that a clock which was wrong at boot has been put right. */
const CHECK_MS = 3_600_000;
/** An authority that ends sooner makes way for a new one. */
const AUTHORITY_REST_MS = 60 * DAY_MS;
/** Authorities that one database may have gone through; more means a clock out of its mind. */
const GENERATIONS_MAX = 100;
/** Certificates for single host names kept at a time. */
const SINGLE_NAMES_MAX = 256;

export interface LocalAuthority {
  readonly domain: string;
  /** The host for path routes, if it is below the domain. */
  readonly pathsHost?: string | undefined;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The authority in force: the first of the kept ones that is valid now, or a new one. Relays that share a database
 * come to the same one, for each looks through the same names in the same order.
 */
async function findAuthority(parts: LocalAuthority): Promise<Authority> {
  const { domain, secrets, clock, logger } = parts;
  for (let generation = 1; generation <= GENERATIONS_MAX; generation++) {
    const name = `tls-authority:${domain}:${generation}`;
    const kept = await secrets.get(name);
    const text =
      kept ?? (await secrets.getOrInsert(name, JSON.stringify(await makeAuthority(domain, clock.now()))));
    const authority = readAuthority(JSON.parse(text));
    const valid = clock.now() >= authority.notBefore && clock.now() < authority.notAfter - AUTHORITY_REST_MS;
    if (valid) {
      if (kept === undefined) logger.info({ domain, generation }, 'certificate authority made');
      return authority;
    }
    if (kept !== undefined) logger.warn({ domain, generation }, 'certificate authority out of its time');
  }
  throw new Error(
    `${GENERATIONS_MAX} certificate authorities of ${domain} are out of their time: is the clock right?`,
  );
}

/**
 * A certificate for `domain` and `*.domain` from a certificate authority of the relay's own, which is kept in the
 * secret store; the certificate itself is made anew at each start and thirty days before its end.
 *
 * A domain of one label, such as `localhost`, needs a certificate for each host name: browsers and OpenSSL take no
 * `*.localhost`. Those are made when they are asked for.
 */
export async function openLocalAuthority(parts: LocalAuthority): Promise<TlsSource> {
  const { domain, pathsHost, clock, logger } = parts;
  let authority = await findAuthority(parts);
  let leaf = await makeLeaf(authority, leafNames(domain, pathsHost), clock.now());
  const holder = new PairHolder(inUse(leaf));
  const single = new Map<string, Promise<SecureContext>>();

  const due = () => {
    const now = clock.now();
    return now < leaf.notBefore || now > leaf.notAfter - RENEW_BEFORE_MS;
  };
  let closed = false;
  let renewing = false;
  const check = async () => {
    if (renewing || !due()) return;
    renewing = true;
    try {
      authority = await findAuthority(parts);
      leaf = await makeLeaf(authority, leafNames(domain, pathsHost), clock.now());
      if (closed) return;
      single.clear();
      holder.replace(inUse(leaf));
      logger.info({ expires: new Date(leaf.notAfter) }, 'certificate renewed');
    } catch (error) {
      logger.error({ error }, 'certificate not renewed, trying again in an hour');
    } finally {
      renewing = false;
    }
  };
  const stop = clock.every(CHECK_MS, () => void check());

  const contextFor = (name: string): Promise<SecureContext> => {
    if (!needsOwn(name, domain)) return Promise.resolve(holder.current.context);
    const known = single.get(name);
    // Put at the end again: the first is always the one not used for longest.
    single.delete(name);
    const context =
      known ??
      makeLeaf(authority, [{ type: 'dns', value: name }], clock.now()).then((own) => inUse(own).context);
    single.set(name, context);
    const [oldest] = single.keys();
    if (single.size > SINGLE_NAMES_MAX && oldest !== undefined) single.delete(oldest);
    return context;
  };

  const contextOrUsual = async (name: string): Promise<SecureContext> => {
    const host = name.toLowerCase();
    try {
      return await contextFor(host);
    } catch (error) {
      single.delete(host);
      logger.error({ error, host }, 'certificate for a host name not made');
      return holder.current.context;
    }
  };

  return {
    serverOptions: () => ({
      cert: holder.current.cert,
      key: holder.current.key,
      SNICallback: callbackify(contextOrUsual),
    }),
    keepFresh: (server) => holder.keepFresh(server),
    secureContext: () => holder.current.context,
    onChange: (listener) => holder.onChange(listener),
    caPem: () => authority.certificate,
    close() {
      closed = true;
      stop();
    },
  };
}

function inUse(leaf: Leaf): { cert: string; key: string; context: SecureContext } {
  const pem = { cert: leaf.certificate, key: leaf.key };
  return { ...pem, context: createSecureContext(pem) };
}

/** True for `<label>.<domain>` where a wildcard would not be taken. */
function needsOwn(name: string, domain: string): boolean {
  if (domain.includes('.') || !name.endsWith(`.${domain}`)) return false;
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name.slice(0, -domain.length - 1));
}
