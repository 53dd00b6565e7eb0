import dns from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTarget } from '../config/index.ts';
import { connectLocally, guardedLookup } from './local-connections.ts';
import { openServiceRig, type ServiceRig } from './service-rig.ts';
import { TcpService } from './tcp-service.ts';

let rig: ServiceRig;
const ends: (() => unknown)[] = [];
const never = new AbortController().signal;

beforeEach(async () => {
  rig = await openServiceRig();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0)) end();
  await rig.close();
});

/** A local server; `sockets` are its open connections. */
async function local(onSocket: (socket: Socket) => unknown = () => undefined) {
  const sockets = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
    socket.resume().on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { target: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

async function closedPort(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `tcp://127.0.0.1:${port}`;
}

/** Makes every name lead there. */
function resolveTo(...addresses: string[]): void {
  const answer = addresses.map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 }));
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _name: string,
    _options: object,
    done: (...args: unknown[]) => void,
  ) => process.nextTick(done, null, answer)) as unknown as typeof dns.lookup);
}

describe('a tcp service', () => {
  it('carries both directions, and answers only after the end of the question', async () => {
    const { target, sockets } = await local((socket) => {
      let question = '';
      socket.on('data', (chunk: Buffer) => (question += chunk.toString()));
      socket.on('end', () => socket.end(`answer to ${question}`));
    });
    rig.configure({ shell: target });
    const channel = (await rig.openChannel('shell'))!;
    channel.end('question');
    let answer = '';
    channel.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(channel, 'end');
    expect(answer).toBe('answer to question');
    await expect.poll(() => sockets.size).toBe(0);
    expect(rig.audited).toMatchObject([{ service: 'shell', decision: 'allow' }]);
  });

  it('refuses the channel when nobody listens', async () => {
    rig.configure({ shell: await closedPort() });
    expect(await rig.openChannel('shell')).toBeUndefined();
  });

  it('refuses by policy and while paused, and the local server hears nothing of it', async () => {
    let connections = 0;
    const { target } = await local(() => (connections += 1));
    rig.configure({ shell: target });
    rig.setPolicy('service shell\n  default deny\n');
    expect(await rig.openChannel('shell')).toBeUndefined();
    rig.setPolicy('');
    rig.paused = true;
    expect(await rig.openChannel('shell')).toBeUndefined();
    expect(connections).toBe(0);
    expect(rig.audited).toMatchObject([
      { decision: 'deny', reason: expect.any(String) },
      { decision: 'deny', reason: 'paused' },
    ]);
  });

  it('ends its connections when it is taken away', async () => {
    const { target, sockets } = await local();
    rig.configure({ shell: target });
    const channel = (await rig.openChannel('shell'))!;
    await expect.poll(() => sockets.size).toBe(1);
    const ended = once(channel, 'end');
    channel.resume();
    rig.configure({});
    await ended;
    channel.destroy();
    await expect.poll(() => sockets.size).toBe(0);
    expect(await rig.openChannel('shell')).toBeUndefined();
  });

  it('does not open a channel that was asked for before it was taken away', async () => {
    const { target } = await local();
    const settings = { target: parseTarget(target), insecureSkipVerify: false };
    const gate = {
      paused: false,
      decide: () => expect.fail(),
      decideConnection: () => ({ kind: 'allow' }) as never,
    };
    const service = new TcpService({ name: 'shell', settings, gate, audit: { request: () => undefined } });
    const rejected = new Promise<void>((resolve, reject) => {
      service.open(() => reject(new Error('opened')) as never, resolve);
    });
    service.close();
    await rejected;
  });

  it('leaves no local connection behind a link that ended while it was being made', async () => {
    const { target, sockets } = await local();
    const settings = { target: parseTarget(target), insecureSkipVerify: false };
    const gate = {
      paused: false,
      decide: () => expect.fail(),
      decideConnection: () => ({ kind: 'allow' }) as never,
    };
    const service = new TcpService({ name: 'shell', settings, gate, audit: { request: () => undefined } });
    await new Promise<void>((resolve) => {
      const gone = (): undefined => {
        resolve();
        return undefined;
      };
      service.open(gone, () => expect.fail('the local server is there'));
    });
    await expect.poll(() => sockets.size).toBe(0);
  });
});

describe('where a name leads', () => {
  it.each([
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '100.100.100.200',
    'fe80::1',
    '::',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
  ])('never to %s, by name', async (address) => {
    resolveTo(address);
    rig.configure({ meta: 'tcp://metadata.test:80', web: 'http://metadata.test' });
    expect(await rig.openChannel('meta')).toBeUndefined();
    const answer = await rig.ask('web', '/latest/meta-data');
    expect(answer.status).toBe(403);
    expect(answer.headers['x-porchlight-error']).toBe('denied_by_device');
  });

  it.each([
    'tcp://169.254.169.254:80',
    'http://[::ffff:a9fe:a9fe]',
    'http://0251.0376.0251.0376',
    'http://2852039166',
    'http://[fe80::1]',
    'tcp://0.0.0.0:22',
  ])('never to %s, by address', (target) => {
    expect(() => parseTarget(target)).toThrow('never exposed');
  });

  it('goes to the addresses that are allowed when others are not', async () => {
    const { target, sockets } = await local();
    resolveTo('169.254.169.254', '127.0.0.1');
    rig.configure({ shell: target.replace('127.0.0.1', 'mixed.test') });
    const channel = await rig.openChannel('shell');
    expect(channel).toBeDefined();
    expect(sockets.size).toBe(1);
    channel?.destroy();
  });

  it('is asked for again at each connection, so that a name cannot change its mind', async () => {
    const { target } = await local();
    rig.configure({ shell: target.replace('127.0.0.1', 'rebound.test') });
    resolveTo('127.0.0.1');
    const first = await rig.openChannel('shell');
    expect(first).toBeDefined();
    first?.destroy();
    resolveTo('169.254.169.254');
    expect(await rig.openChannel('shell')).toBeUndefined();
  });

  it('tells a name that leads nowhere', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: object,
      done: (error: Error) => void,
    ) =>
      process.nextTick(
        done,
        Object.assign(new Error('not found'), { code: 'ENOTFOUND' }),
      )) as unknown as typeof dns.lookup);
    const settings = { target: parseTarget('tcp://nowhere.test:1'), insecureSkipVerify: false };
    await expect(connectLocally(settings, never)).rejects.toThrow('not found');
    const one = await new Promise((resolve) => guardedLookup('nowhere.test', {}, resolve));
    expect(one).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('gives one address to who asks for one', async () => {
    resolveTo('169.254.1.1', '10.0.0.1');
    const found = await new Promise((resolve) =>
      guardedLookup('x.test', {}, (error, address, family) => resolve([error, address, family])),
    );
    expect(found).toEqual([null, '10.0.0.1', 4]);
  });
});
