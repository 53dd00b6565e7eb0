import { PacketGate } from '@porchlight/protocol/mqtt';
import { Rates } from '../rates.ts';
import type { InsideClient, LanConnection } from './lan-connection.ts';
import { CONNECT_BYTES_MAX, PACKET_BYTES_MAX, PACKET_RATE, SUBSCRIPTIONS_OF } from './limits.ts';

/**
 * Measures what a client sends before the library has it: the parser keeps whatever length it is told, and goes through
 * filters once for each of them.
 * @param now monotonic, in ms
 */
export function measurePackets(client: InsideClient, connection: LanConnection, now: () => number): void {
  const gate = new PacketGate(CONNECT_BYTES_MAX);
  const rate = new Rates(PACKET_RATE, now);
  const parse = client._parser.parse.bind(client._parser);
  let counted = 0;
  client._parser.parse = (bytes) => {
    if (connection.who !== undefined) gate.bytesMax = PACKET_BYTES_MAX;
    let fault: string | undefined = gate.take(bytes);
    for (; counted < gate.packets; counted += 1) if (!rate.take('')) fault ??= 'too many packets';
    if (fault === undefined) return parse(bytes);
    connection.end(fault);
    return 0;
  };
  client._parser.prependListener('packet', (packet) => {
    const filters = packet.subscriptions ?? packet.unsubscriptions ?? [];
    if (filters.length > SUBSCRIPTIONS_OF[connection.who?.kind ?? 'device']) {
      filters.length = 0;
      connection.end('too many filters in one packet');
    }
    // Nothing is kept here for who does not acknowledge (MQTT 3.1.1 §3.9.3: the server may grant less than is asked).
    for (const subscription of packet.subscriptions ?? []) subscription.qos = 0;
  });
}
