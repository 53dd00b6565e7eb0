// Holds many agents' links in one process: agents as they are, without services' sockets. Reads one JSON object on
// standard input: where the relay is, an enrolment token, and how many. Prints how many links are up, as JSON, ten
// times a second while that changes. SIGUSR2: forget the token, so that from now on only the key counts.
import ssh2 from 'ssh2';
import { systemClock } from '../../../packages/agent/src/clock.ts';
import { AgentLink } from '../../../packages/agent/src/link/index.ts';

interface Order {
  readonly port: number;
  readonly origin: string;
  readonly hostKey: string;
  readonly token: string;
  readonly name: string;
  readonly links: number;
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

function usableKey(): string {
  for (;;) {
    // ssh2 now and then writes a key that does not read back.
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    const parsed = ssh2.utils.parseKey(key);
    if (!(parsed instanceof Error) && Buffer.isBuffer(parsed.sign(Buffer.from('x')))) return key;
  }
}

let text = '';
for await (const chunk of process.stdin) text += String(chunk);
const order = JSON.parse(text) as Order;
const up = new Set<number>();
const denied: string[] = [];
/** Told to every new connection; emptied once all are known. */
let token: string | undefined = order.token;
process.on('SIGUSR2', () => {
  token = undefined;
});
let said = '';
setInterval(() => {
  const line = JSON.stringify({ up: up.size, denied: denied.length, why: denied.at(-1) ?? '' });
  if (line === said) return;
  said = line;
  process.stdout.write(`${line}\n`);
}, 100);
for (let i = 0; i < order.links; i += 1) {
  const link = new AgentLink({
    relay: {
      ssh: { host: '127.0.0.1', port: order.port },
      origin: order.origin,
      websocketPath: '/.well-known/porchlight/link',
      ca: undefined,
    },
    hostKeyFingerprint: order.hostKey,
    privateKey: usableKey(),
    hello: {
      agent: 'bench',
      name: `${order.name}-${i}`,
      account: undefined,
      get token() {
        return token;
      },
    },
    clock: systemClock,
    logger: silent,
    random: Math.random,
    environment: {},
    onPhase: (phase) => void (phase.kind === 'up' ? up.add(i) : up.delete(i)),
    onDenied: ({ reason }) => void denied.push(reason),
    onChannel: (_service, _accept, reject) => reject(),
  });
  link.offer([{ name: 'web', kind: 'http' }]);
  link.start();
  // A few at a time: a home's devices do not come in one millisecond either.
  if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 50));
}
