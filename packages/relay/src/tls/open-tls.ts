import type { Clock } from '../clock.ts';
import type { RelayConfig, SecretStore } from '../config/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { openCertificateFiles } from './certificate-files.ts';
import { openLocalAuthority } from './local-authority.ts';
import type { TlsSource } from './tls-source.ts';

/**
 * The certificate that the configuration asks for: from files, or with none given from the relay's own authority.
 * Undefined when HTTPS is off.
 * @throws ConfigError when the files cannot be used
 */
export async function openTls(parts: {
  config: Pick<RelayConfig, 'https' | 'tls' | 'domain' | 'paths'>;
  secrets: SecretStore;
  clock: Clock;
  logger: Logger;
}): Promise<TlsSource | undefined> {
  const { config, secrets, clock, logger } = parts;
  const { certificate, key } = config.tls;
  const { domain } = config;
  const pathsHost = config.paths.host;
  if (config.https.port === 'off') return undefined;
  return certificate !== undefined && key !== undefined
    ? openCertificateFiles({ certificate, key, domain, pathsHost, clock, logger })
    : openLocalAuthority({ domain, pathsHost, secrets, clock, logger });
}
