import { PacketGate } from '@porchlight/protocol/mqtt';
import type { Clock } from '../clock.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { CONNECT_BYTES_MAX, PACKET_BYTES_MAX, PACKET_RATE, SUBSCRIPTIONS_MAX } from './limits.ts';
import type { LiveConnection } from './mqtt-connection.ts';
import type { InsideClient } from './ordered-aedes.ts';

/**
 * Measures what a client sends before the library has it: the parser keeps whatever length it is told, and filters are
 * gone through once for each of them.
 * @param onFault ends the connection
 */
export function measureIncoming(
  client: InsideClient,
  connection: LiveConnection,
  { clock, onFault }: { readonly clock: Clock; readonly onFault: (fault: string) => void },
): void {
  const gate = new PacketGate(CONNECT_BYTES_MAX);
  const rate = new TokenBuckets(PACKET_RATE, clock);
  const parse = client._parser.parse.bind(client._parser);
  let counted = 0;
  client._parser.parse = (bytes) => {
    connection.bytesIn += bytes.length;
    // Whoever asks to be let in has proven nothing, and may stay for minutes.
    if (connection.signedIn && connection.identity.kind !== 'join') gate.bytesMax = PACKET_BYTES_MAX;
    const fault = gate.take(bytes);
    let tooMany = false;
    for (; counted < gate.packets; counted += 1) tooMany ||= rate.take('') > 0;
    if (fault === undefined && !tooMany) return parse(bytes);
    onFault(fault ?? 'too many packets');
    return 0;
  };
  client._parser.prependListener('packet', (packet) => {
    const filters = packet.subscriptions ?? packet.unsubscriptions;
    if (filters === undefined || filters.length <= SUBSCRIPTIONS_MAX) return;
    filters.length = 0;
    onFault('too many filters in one packet');
  });
}
