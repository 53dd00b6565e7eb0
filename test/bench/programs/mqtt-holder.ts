// Holds many idle MQTT clients in one process, each a raw socket. Reads one JSON object on standard input: where the
// broker is, and who they are. Prints how many are up, as JSON, ten times a second while that changes.
import { openClient } from './mqtt-wire.ts';

interface Order {
  readonly port: number;
  readonly clients: readonly { readonly user: string; readonly password: string }[];
}

/** As many at once: a relay slows down whoever tries many passwords at a time. */
const AT_ONCE = 4;

let input = '';
for await (const chunk of process.stdin) input += String(chunk);
const order = JSON.parse(input) as Order;
let up = 0;
let said = -1;
setInterval(() => {
  if (up === said) return;
  said = up;
  process.stdout.write(`${JSON.stringify({ up })}\n`);
}, 100);
const waiting = [...order.clients];
const work = async (): Promise<void> => {
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const filter = `device/${next.user}/#`;
    await openClient({ port: order.port, clientId: 'idle', ...next, subscribe: { filter, qos: 0 } });
    up += 1;
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
