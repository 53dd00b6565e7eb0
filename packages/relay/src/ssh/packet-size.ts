import type { Channel } from 'ssh2';

/**
 * Smallest packet that a peer may ask for (RFC 4254 §5.1). ssh2 cuts what it sends into packets of the peer's size:
 * with one byte a megabyte keeps the whole relay busy for seconds, with none for ever. Real clients say 16 or 32 KiB.
 */
const PACKET_MIN = 1024;

/** True when the peer's packet size is one that can be used; nothing may be written to the channel otherwise. */
export function hasUsablePacketSize(channel: Channel): boolean {
  const outgoing: unknown = Reflect.get(channel, 'outgoing');
  const size: unknown =
    typeof outgoing === 'object' && outgoing !== null ? Reflect.get(outgoing, 'packetSize') : 0;
  return typeof size === 'number' && size >= PACKET_MIN;
}
