import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { failure, type Step } from './attempt.ts';

const DAY_MS = 86_400_000;
/** Certificates are renewed with a month to go; who has not by then has forgotten it. */
const CERTIFICATE_SOON_DAYS = 14;

/** A relay's address, apart. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly encrypted: boolean;
}

export function placeOf(origin: string): Place {
  const { hostname, port, protocol } = new URL(origin);
  const encrypted = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? (encrypted ? 443 : 80) : Number(port), encrypted };
}

/** The name has addresses. */
export async function resolves(host: string): Promise<Step<readonly string[]>> {
  try {
    const found = (await lookup(host, { all: true })).map(({ address }) => address);
    return { value: found, detail: `${host} is ${found.join(', ')}` };
  } catch (cause) {
    throw failure(
      `${host} has no address here (${codeOf(cause)})`,
      "check the spelling, this machine's DNS, and the relay's DNS entry",
      cause,
    );
  }
}

/** Something listens on the port. */
export async function connects(host: string, port: number, signal: AbortSignal): Promise<Step<true>> {
  const started = performance.now();
  const socket = await open(host, port, signal);
  socket.destroy();
  return { value: true, detail: `${host}:${port} answers in ${Math.round(performance.now() - started)} ms` };
}

/** A connection to the port. @throws CommandError with the mend */
export async function open(host: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  const socket = net.connect({ host, port, noDelay: true, signal });
  try {
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    socket.destroy();
    const refused = codeOf(cause) === 'ECONNREFUSED';
    throw failure(
      `nothing answers at ${host}:${port} (${signal.aborted ? 'no answer' : codeOf(cause)})`,
      refused
        ? 'see whether the relay runs'
        : `see whether a firewall here or there keeps port ${port} closed`,
      cause,
    );
  }
}

/** The certificate is believed here, is for this name and the names below it, and does not end soon. */
export async function certificate(
  { host, port }: Place,
  domain: string,
  signal: AbortSignal,
  now = Date.now(),
): Promise<Step<true>> {
  const raw = await open(host, port, signal);
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = tls.connect({ socket: raw, ...servername, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    const shown = socket.getPeerCertificate();
    if (!socket.authorized) throw distrusted(String(socket.authorizationError ?? ''), shown, host);
    const days = Math.floor((Date.parse(shown.valid_to) - now) / DAY_MS);
    const issuer = text(shown.issuer.O) ?? text(shown.issuer.CN) ?? 'an unknown authority';
    const detail = `by ${issuer}, good for ${days} more days`;
    const names = (shown.subjectaltname ?? '').toLowerCase().split(', ');
    if (net.isIP(domain) === 0 && !names.includes(`dns:*.${domain}`)) {
      return { value: true, detail, warning: `it is not for *.${domain}, which the names of services need` };
    }
    return days < CERTIFICATE_SOON_DAYS
      ? { value: true, detail, warning: 'renew it on the relay now' }
      : { value: true, detail };
  } finally {
    socket.destroy();
  }
}

function distrusted(reason: string, { valid_to, subjectaltname }: tls.PeerCertificate, host: string): Error {
  if (reason === 'CERT_HAS_EXPIRED') return failure(`it ended on ${valid_to}`, 'renew it on the relay');
  if (reason === 'CERT_NOT_YET_VALID')
    return failure('it is not valid yet', 'set the clock of this machine, or look at that of the relay');
  if (reason.includes('ALTNAME'))
    return failure(`it is for ${subjectaltname ?? 'other names'}, not for ${host}`, 'check the address');
  return failure(
    `nobody here vouches for it (${reason})`,
    'if the relay has an authority of its own, log in with --ca FILE; otherwise somebody is in between',
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
