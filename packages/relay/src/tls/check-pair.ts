import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config/index.ts';
import type { CurrentPair } from './tls-source.ts';

/** Time enough to renew by hand. */
const SOON_MS = 14 * 86_400_000;

/** Where the texts came from, for messages. */
export interface PairNames {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Reads a certificate (with its chain) and its key.
 * @throws ConfigError when they cannot be used, or do not belong together
 */
export function readPair(
  cert: string,
  key: string,
  names: PairNames,
): CurrentPair & { leaf: X509Certificate } {
  const leaf = attempt(() => new X509Certificate(cert), `${names.certificate} holds no PEM certificate`);
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${names.key} holds no PEM private key, or one with a pass phrase: give it without`,
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `${names.certificate} and ${names.key} do not belong together: give the key that the certificate was made for (the server's own certificate must stand first in its file)`,
    );
  }
  const context = attempt(
    () => createSecureContext({ cert, key }),
    `${names.certificate} and ${names.key} cannot be used for TLS: see whether the chain is whole`,
  );
  return { cert, key, context, leaf };
}

function attempt<T>(act: () => T, message: string): T {
  try {
    return act();
  } catch (error) {
    throw new ConfigError(message, { cause: error });
  }
}

/** What will trouble visitors about a certificate, in lines for the log. `pathsHost`: the host for path routes. */
export function warningsOf(leaf: X509Certificate, domain: string, now: number, pathsHost?: string): string[] {
  const warnings: string[] = [];
  const from = Date.parse(leaf.validFrom);
  const to = Date.parse(leaf.validTo);
  if (now > to) warnings.push(`the certificate expired on ${day(to)}: renew it`);
  else if (now > to - SOON_MS) warnings.push(`the certificate expires on ${day(to)}: renew it`);
  if (now < from)
    warnings.push(`the certificate is not valid before ${day(from)}: see whether the clock is right`);
  if (leaf.checkHost(domain) === undefined) {
    warnings.push(`the certificate is not for ${domain}: the console will show a warning`);
  }
  if (leaf.checkHost(`service--device.${domain}`) === undefined) {
    warnings.push(`the certificate is not for *.${domain}: published services will show a warning`);
  }
  if (pathsHost !== undefined && leaf.checkHost(pathsHost) === undefined) {
    warnings.push(`the certificate is not for ${pathsHost}: path routes will show a warning`);
  }
  return warnings;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
