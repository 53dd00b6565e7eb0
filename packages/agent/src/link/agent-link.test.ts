import { once } from 'node:events';
import net from 'node:net';
import { FakeClock } from '@porchlight/testkit';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/index.ts';
import { AgentLink, type AgentLinkParts, type LinkPhase } from './agent-link.ts';
import {
  DEVICE_KEY,
  type ScriptedClient,
  type ScriptedRelay,
  startScriptedRelay,
  welcome,
} from './scripted-relay.ts';

const SERVICES = [
  { name: 'web', kind: 'http' },
  { name: 'shell', kind: 'tcp' },
] as const;

let clock: FakeClock;
let relay: ScriptedRelay;
let clients: ScriptedClient[];
let phases: LinkPhase[];
let denials: { reason: string; hint: string; retry: boolean }[];
let link: AgentLink | undefined;
let onHello: (client: ScriptedClient) => void;

beforeEach(async () => {
  clock = new FakeClock();
  clients = [];
  phases = [];
  denials = [];
  onHello = welcome;
  relay = await startScriptedRelay((client) => {
    clients.push(client);
    onHello(client);
  });
});

afterEach(async () => {
  await link?.close();
  link = undefined;
  await relay.close();
});

function start(parts: Partial<AgentLinkParts> = {}): AgentLink {
  const { port, fingerprint } = relay;
  link = new AgentLink({
    relay: {
      ssh: { host: '127.0.0.1', port },
      origin: `http://127.0.0.1:${port}`,
      websocketPath: '/link',
      ca: undefined,
    },
    hostKeyFingerprint: fingerprint,
    privateKey: DEVICE_KEY,
    hello: { agent: '0.1.0', name: 'robot', account: undefined, token: undefined },
    clock,
    logger: silentLogger,
    random: () => 0.5,
    environment: {},
    onPhase: (phase) => phases.push(phase),
    onDenied: (denial) => denials.push(denial),
    onChannel: (_service, _accept, reject) => reject(),
    ...parts,
  });
  link.start();
  return link;
}

const phaseIs = (kind: LinkPhase['kind']) =>
  expect.poll(() => link?.phase.kind, { timeout: 10_000 }).toBe(kind);

/** Lets the wait before the next dial pass. */
async function passWait(): Promise<number> {
  await phaseIs('waiting');
  const phase = link?.phase;
  if (phase?.kind !== 'waiting') throw new Error('not waiting');
  const wait = phase.until - clock.now();
  await clock.advance(wait);
  return wait;
}

describe('the link', () => {
  it('says hello, offers its services, and takes channels for those only', async () => {
    const asked: string[] = [];
    const made = start({
      onChannel(service, accept, reject) {
        asked.push(service);
        if (service === 'web') accept()?.end('hello');
        else reject();
      },
    });
    made.offer(SERVICES);
    await phaseIs('up');
    const client = clients[0]!;
    await expect.poll(() => [...client.forwards]).toEqual(['web', 'shell']);
    expect(client.hello).toMatchObject({ name: 'robot', agent: '0.1.0', version: 1 });
    const channel = await client.openChannel('web');
    const [chunk] = (await once(channel, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('hello');
    await expect(client.openChannel('shell')).rejects.toThrow();
    await expect(client.openChannel('other')).rejects.toThrow();
    expect(asked).toEqual(['web', 'shell']);
    made.offer([SERVICES[0]]);
    await expect.poll(() => [...client.forwards]).toEqual(['web']);
    await expect(client.openChannel('shell')).rejects.toThrow();
    made.tellPaused(true);
    await expect.poll(() => client.heard.at(-1)).toEqual({ type: 'paused', paused: true });
    await expect.poll(() => made.phase).toMatchObject({ kind: 'up', rtt: expect.any(Number) });
  });

  it('tells a new connection again what it offers and that it is paused', async () => {
    start();
    link?.offer(SERVICES);
    link?.tellPaused(true);
    await phaseIs('up');
    clients[0]!.socket.destroy();
    await passWait();
    await phaseIs('up');
    await expect.poll(() => [...clients[1]!.forwards]).toEqual(['web', 'shell']);
    await expect.poll(() => clients[1]!.heard).toContainEqual({ type: 'paused', paused: true });
  });

  it('comes back for ever, in growing waits, and starts anew only after a minute of life', async () => {
    onHello = ({ socket }) => void socket.destroy();
    start();
    const waits: number[] = [];
    for (let time = 0; time < 8; time++) waits.push(await passWait());
    await phaseIs('waiting');
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    // A relay that welcomes and falls over at once is no good one.
    onHello = (client) => {
      welcome(client);
      setImmediate(() => client.socket.destroy());
    };
    expect(await passWait()).toBe(30_000);
    expect(await passWait()).toBe(30_000);
    await phaseIs('waiting');
    onHello = welcome;
    expect(await passWait()).toBe(30_000);
    await phaseIs('up');
    const live = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        await clock.advance(1_000);
        // The pings are answered over a real socket: the clock must not run away from them.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    await live(10);
    clients.at(-1)!.socket.destroy();
    expect(await passWait()).toBe(30_000);
    await phaseIs('up');
    await live(61);
    clients.at(-1)!.socket.destroy();
    expect(await passWait()).toBe(500);
  });

  it('a relay that is not there is no reason to stop', async () => {
    const { port } = relay;
    start();
    await relay.close();
    for (let time = 0; time < 3; time++) await passWait();
    relay = await startScriptedRelay(
      (client) => {
        clients.push(client);
        welcome(client);
      },
      { port },
    );
    await passWait();
    await phaseIs('up');
  });

  it('notices within 30 s that nothing comes through any more', async () => {
    start();
    await phaseIs('up');
    await expect.poll(() => link?.phase).toMatchObject({ rtt: expect.any(Number) });
    // The second ping follows the first at once.
    await clock.advance(0);
    await expect.poll(() => clients[0]!.heard.filter(({ type }) => type === 'ping').length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    relay.answersPings = false;
    clients[0]!.socket.pause();
    await clock.advance(28_000);
    await phaseIs('waiting');
    expect(link?.phase).toMatchObject({ reason: 'the relay does not answer any more' });
    clients[0]!.socket.resume();
    await expect.poll(() => relay.open()).toBe(0);
  });

  it('asks for a sign of life at once after the machine has slept', async () => {
    start();
    await phaseIs('up');
    await expect.poll(() => link?.phase).toMatchObject({ rtt: expect.any(Number) });
    await clock.advance(0);
    const pings = (): number => clients[0]!.heard.filter(({ type }) => type === 'ping').length;
    await expect.poll(pings).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // Timers stood still, the wall clock went on.
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3600_000;
    await clock.advance(5_000);
    await expect.poll(pings).toBe(3);
  });

  it('dials at once after the machine has slept while it waited', async () => {
    onHello = ({ socket }) => void socket.destroy();
    start({ random: () => 0.99 });
    for (let time = 0; time < 6; time++) await passWait();
    await phaseIs('waiting');
    onHello = welcome;
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3600_000;
    await clock.advance(5_000);
    await phaseIs('up');
  });

  it('obeys a relay that drains, but not for ever', async () => {
    start();
    await phaseIs('up');
    clients[0]!.control.send({ type: 'drain', after: 4_000 });
    clients[0]!.control.end();
    clients[0]!.connection.end();
    expect(await passWait()).toBe(6_000);
    await phaseIs('up');
    clients[1]!.control.send({ type: 'drain', after: 1e12 });
    clients[1]!.connection.end();
    expect(await passWait()).toBe(450_000);
    await phaseIs('up');
  });

  it('waits long after a refusal that only a person can lift', async () => {
    onHello = ({ control, connection }) => {
      control.send({ type: 'denied', reason: 'removed', hint: 'Join again.', retry: false });
      connection.end();
    };
    start();
    await phaseIs('waiting');
    expect(denials).toEqual([expect.objectContaining({ reason: 'removed', hint: 'Join again.' })]);
    expect(await passWait()).toBe(600_000);
    expect(relay.dials()).toBe(2);
  });

  it('goes on as usual after a refusal that may pass', async () => {
    onHello = ({ control, connection }) => {
      control.send({ type: 'denied', reason: 'busy', hint: '', retry: true });
      connection.end();
    };
    start();
    expect(await passWait()).toBe(500);
    expect(await passWait()).toBe(1000);
  });

  it('shows a request that waits for Allow, and is up when it is allowed', async () => {
    onHello = ({ control }) =>
      control.send({ type: 'pending', code: 'ABCD-EFGH', expires: 600_000, url: 'http://x/' });
    start();
    await phaseIs('pending');
    expect(link?.phase).toMatchObject({ code: 'ABCD-EFGH', expiresAt: clock.now() + 600_000 });
    welcome(clients[0]!);
    await phaseIs('up');
  });

  it('refuses another host key, shows both, and does not storm', async () => {
    const other = ssh2.utils.generateKeyPairSync('ed25519').private;
    const { port, fingerprint } = relay;
    await relay.close();
    relay = await startScriptedRelay((client) => clients.push(client), { hostKey: other, port });
    start({ hostKeyFingerprint: fingerprint });
    await phaseIs('waiting');
    expect(denials[0]!.reason).toContain(`pinned ${fingerprint}`);
    expect(denials[0]!.reason).toContain(`found ${relay.fingerprint}`);
    expect(denials[0]!.retry).toBe(false);
    expect(clients).toHaveLength(0);
    expect(relay.dials()).toBe(1);
    expect(await passWait()).toBe(600_000);
  });

  it.each([
    ['rubbish', (socket: net.Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['endless rubbish', (socket: net.Socket) => socket.write(Buffer.alloc(1024 * 1024, 0x41))],
    ['nothing, and ends', (socket: net.Socket) => socket.end()],
    ['a reset', (socket: net.Socket) => socket.resetAndDestroy()],
  ])('survives a server that says %s', async (what, speak) => {
    let dials = 0;
    const server = net.createServer((socket) => {
      dials += 1;
      socket.on('error', () => undefined);
      speak(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    start({
      relay: {
        ssh: { host: '127.0.0.1', port },
        origin: `http://127.0.0.1:${port}`,
        websocketPath: '/link',
        ca: undefined,
      },
    });
    await expect.poll(() => dials).toBeGreaterThan(0);
    // What comes before the version line may be a greeting (RFC 4253 §4.2): the deadline ends that.
    if (what.includes('rubbish')) await clock.advance(15_000);
    await phaseIs('waiting');
    // SSH and the WebSocket: two ways in all, once.
    expect(dials).toBe(2);
    await link?.close();
    server.close();
  });

  it('survives a relay that opens channels at the moment it goes', async () => {
    const accepts: (() => unknown)[] = [];
    start({ onChannel: (_service, accept) => accepts.push(accept) });
    link?.offer(SERVICES);
    await phaseIs('up');
    await expect.poll(() => clients[0]!.forwards.size).toBe(2);
    const failed = clients[0]!.openChannel('web').catch((error: unknown) => error);
    await expect.poll(() => accepts.length).toBe(1);
    clients[0]!.socket.destroy();
    await phaseIs('waiting');
    // The local server has accepted only now.
    expect(accepts[0]!()).toBeUndefined();
    expect(await failed).toBeInstanceOf(Error);
  });

  it('survives being told to offer while the connection ends', async () => {
    start();
    await phaseIs('up');
    clients[0]!.socket.end();
    for (let time = 0; time < 20 && link?.phase.kind === 'up'; time++) {
      link?.offer(time % 2 === 0 ? SERVICES : []);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await phaseIs('waiting');
  });
});

describe('close', () => {
  afterEach(() => {
    expect(clock.waiting).toBe(0);
  });

  it('before the start', async () => {
    const made = new AgentLink({
      ...({} as AgentLinkParts),
      clock,
      random: Math.random,
      onPhase: () => undefined,
    });
    await made.close();
  });

  it('while nobody answers the dial', async () => {
    // The WebSocket way, on a server that never answers.
    const silent = net.createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const connected = once(silent, 'connection');
    start({
      relay: {
        ssh: { host: '127.0.0.1', port: 1 },
        origin: `http://127.0.0.1:${port}`,
        websocketPath: '/link',
        ca: undefined,
      },
    });
    const [socket] = (await connected) as [net.Socket];
    socket.on('error', () => undefined);
    const closed = once(socket, 'close').catch(() => undefined);
    socket.resume();
    const end = link?.close();
    await clock.advance(1_000);
    await end;
    await closed;
    silent.close();
  });

  it('while the handshake hangs', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as net.AddressInfo;
    const connected = once(silent, 'connection');
    start({
      relay: {
        ssh: { host: '127.0.0.1', port },
        origin: 'http://127.0.0.1:1',
        websocketPath: '/',
        ca: undefined,
      },
    });
    const [socket] = (await connected) as [net.Socket];
    const closed = once(socket, 'close').catch(() => undefined);
    const end = link?.close();
    await clock.advance(1_000);
    await end;
    await closed;
    silent.close();
  });

  it('while it is up, also with a relay that does not answer', async () => {
    start();
    await phaseIs('up');
    clients[0]!.socket.pause();
    const end = link?.close();
    await clock.advance(1_000);
    await end;
    clients[0]!.socket.resume();
    await expect.poll(() => relay.open()).toBe(0);
    expect(phases.at(-1)?.kind).toBe('stopped');
  });

  it('while it waits, and no later dial', async () => {
    onHello = ({ socket }) => void socket.destroy();
    start();
    await phaseIs('waiting');
    await link?.close();
    const dials = relay.dials();
    await clock.advance(100_000);
    expect(relay.dials()).toBe(dials);
  });

  it('while a person thinks', async () => {
    onHello = ({ control }) =>
      control.send({ type: 'pending', code: 'ABCD-EFGH', expires: 600_000, url: 'http://x/' });
    start();
    await phaseIs('pending');
    const end = link?.close();
    await clock.advance(1_000);
    await end;
    await expect.poll(() => relay.open()).toBe(0);
  });
});
