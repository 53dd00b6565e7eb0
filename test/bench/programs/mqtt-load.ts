// Sends messages through a broker as fast as they come back. Reads one JSON object on standard input: where the broker
// is, who they are, the quality of service, and for how long. Each client publishes to itself on a second connection,
// with so many messages on their way at most. Prints messages a second, as JSON, at the end.
import { openClient, publishPacket } from './mqtt-wire.ts';

interface Order {
  readonly port: number;
  readonly clients: readonly { readonly user: string; readonly password: string }[];
  readonly qos: 0 | 1;
  readonly warmUpMs: number;
  readonly ms: number;
}

/** Messages of one client that are on their way at once. */
const WINDOW = 16;
const PAYLOAD = Buffer.alloc(100, 'x');

let input = '';
for await (const chunk of process.stdin) input += String(chunk);
const { port, clients, qos, warmUpMs, ms } = JSON.parse(input) as Order;
let received = 0;
const starts: (() => void)[] = [];
for (const { user, password } of clients) {
  const topic = `device/${user}/load`;
  const from = { port, user, password };
  const subscriber = await openClient({ ...from, clientId: 'in', subscribe: { filter: topic, qos } });
  const publisher = await openClient({ ...from, clientId: 'out' });
  let id = 0;
  let acknowledged = 0;
  let heard = 0;
  let sent = 0;
  const next = (): void => {
    // With QoS 1 a message is done when it has come and has been acknowledged.
    const done = qos === 0 ? heard : Math.min(heard, acknowledged);
    while (sent - done < WINDOW) {
      sent += 1;
      id = (id % 65_535) + 1;
      publisher.socket.write(publishPacket(topic, PAYLOAD, qos, id));
    }
  };
  publisher.onAck = () => {
    acknowledged += 1;
    next();
  };
  subscriber.onMessage = () => {
    received += 1;
    heard += 1;
    next();
  };
  starts.push(next);
}
for (const start of starts) start();
await new Promise((resolve) => setTimeout(resolve, warmUpMs));
const [before, began] = [received, performance.now()];
await new Promise((resolve) => setTimeout(resolve, ms));
const perSecond = ((received - before) * 1000) / (performance.now() - began);
process.stdout.write(`${JSON.stringify({ perSecond: Math.round(perSecond) })}\n`, () => process.exit());
