import type { IncomingMessage } from 'node:http';

/** From where and how a request came, with reverse proxies that the owner trusts taken into account. */
export interface Origin {
  readonly address: string;
  readonly secure: boolean;
}

/** Reads a request's origin; `isTrusted` tells which peers are the owner's own reverse proxies. */
export function createOriginReader(
  isTrusted: (address: string | undefined) => boolean,
): (req: IncomingMessage) => Origin {
  return (req) => {
    const encrypted = Reflect.get(req.socket, 'encrypted') === true;
    const peer = plainAddress(req.socket.remoteAddress);
    if (!isTrusted(peer)) return { address: peer, secure: encrypted };
    const proto = req.headers['x-forwarded-proto'];
    return {
      address: lastStranger(req.headers['x-forwarded-for'], isTrusted) ?? peer,
      secure: encrypted || proto === 'https',
    };
  };
}

/** An IPv4 address that came in through an IPv6 socket, as IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** The last address that a trusted proxy saw and that is no trusted proxy: what is left of it anybody could write. */
function lastStranger(
  header: string | string[] | undefined,
  isTrusted: (address: string | undefined) => boolean,
): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  const addresses = text.split(',').map((part) => plainAddress(part.trim()));
  return addresses.findLast((address) => address !== '' && !isTrusted(address));
}
