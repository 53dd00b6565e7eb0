import { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { ConfigError, systemErrorCode } from '../config/index.ts';

export interface TlsWish {
  readonly socket: Socket;
  readonly host: string;
  /** PEM of the authority to trust beside the system's. */
  readonly ca: string | undefined;
  readonly alpn?: readonly string[];
}

/** Begins TLS on an open connection; the handshake has still to happen. */
export function overTls({ socket, host, ca, alpn }: TlsWish): tls.TLSSocket {
  return tls.connect({
    socket,
    // An address is no server name (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca: authorities(ca) }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  });
}

/** The system's authorities and the relay's own. */
export function authorities(own: string): string[] {
  return [...tls.rootCertificates, own];
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** What is wrong with the certificate that `where` shows, with the mend; undefined when the error is about something else. */
export function certificateTrouble(error: unknown, where: string): ConfigError | undefined {
  const code = systemErrorCode(error);
  const options = { cause: error };
  if (UNTRUSTED.has(code)) {
    return new ConfigError(
      `the certificate of ${where} is not from an authority that this machine trusts: give the one that the relay made for itself (it is under "Add a device" in its dashboard; --ca FILE on the command line), or give the relay a public certificate`,
      options,
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new ConfigError(
      `the certificate of ${where} is not valid now (${code}): check the clock of this device`,
      options,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new ConfigError(
      `the certificate of ${where} is for another name: give the address that the relay calls itself by`,
      options,
    );
  }
  return undefined;
}
