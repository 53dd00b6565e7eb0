import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentConfigFile } from '@porchlight/agent';
import { openLanTcp, TcpDuplex } from '@porchlight/client/node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startHome } from './client-rig.ts';

/** Loopback stands for the LAN here; outside tests it is never asked. */
const acceptLan = () => true;

let home: Awaited<ReturnType<typeof startHome>>;
let door: string;
const servers: http.Server[] = [];

beforeAll(async () => {
  home = await startHome();
  const file = new AgentConfigFile(home.device.dataFolder);
  await file.setLanDoor('127.0.0.1:0');
  await file.expose('web', { target: `http://127.0.0.1:${home.ports.web}`, lan: 'auto' });
  await file.expose('echo', { target: `tcp://127.0.0.1:${home.ports.echo}`, lan: 'auto' });
  await home.device.agent.reload();
  const { api } = await home.client();
  // The agent tells the relay of it within a moment.
  for await (const event of api.watch()) {
    const device = event.type === 'open' ? await api.devices.get(home.device.id) : undefined;
    const told = event.type === 'device' ? event.device : device;
    door = told?.services.find(({ name }) => name === 'web')?.lan?.door ?? '';
    if (door !== '') break;
  }
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});
afterAll(() => home.close());

/** A client for which everything that goes to the door goes to another program on this machine. */
async function clientWith(answer: (path: string, host: string) => Promise<string | undefined>) {
  const server = http.createServer((req, res) => {
    answer(req.url ?? '', req.headers.host ?? '').then(
      (text) => (text === undefined ? res.destroy() : res.end(text)),
      () => res.destroy(),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return home.client(undefined, {
    acceptLan,
    fetch: (input, init) => fetch(input.replace(door, `http://127.0.0.1:${port}`), init),
  });
}

it('goes to the LAN address when the device proves itself there, and sends no token', async () => {
  const web = (await home.client(undefined, { acceptLan })).device('shed').service('web');
  const answer = await web.fetch('/lan', { method: 'POST', body: 'x' });
  expect(web.route).toEqual({ kind: 'lan', origin: `http://127.0.0.1:${home.ports.web}` });
  const { headers, body } = (await answer.json()) as { headers: Record<string, string>; body: string };
  expect([body, headers['x-porchlight-person']]).toEqual(['x', undefined]);
  expect(home.seen.at(-1)).toEqual({ method: 'POST', url: '/lan', authorization: undefined });
  const socket = await web.webSocket('/ws');
  expect(new URL(socket.url).port).toBe(String(home.ports.web));
  socket.close();
});

it('never asks loopback or a public address, whatever the device says', async () => {
  const web = (await home.client()).device('shed').service('web');
  await web.fetch('/');
  expect(web.route).toEqual({
    kind: 'relay',
    reason: 'The LAN address is not used: it is no address of a LAN',
  });
});

it('is shown only to those whose grant reaches the service', async () => {
  const narrowed = await home.client({
    scopes: ['read'],
    devices: [{ id: home.device.id, services: ['other'] }],
  });
  expect(JSON.stringify(await narrowed.api.devices.get(home.device.id))).not.toContain(door);
});

/** What another device's door says: signed well, by the wrong key. */
async function otherDoor(nonce: string, host: string): Promise<string> {
  const other = await home.relay.device(home.alice, `other${servers.length}`, {});
  const file = new AgentConfigFile(other.dataFolder);
  await file.expose('web', { target: `http://127.0.0.1:${home.ports.web}`, lan: 'auto' });
  const { openIdentity, signLanStatement } = await import('@porchlight/agent');
  const { privateKey } = await openIdentity(other.dataFolder);
  const services = new Map([['web', `http://127.0.0.1:${home.ports.web}`]]);
  return signLanStatement(privateKey.reveal(), { device: 'shed', nonce, door: `http://${host}`, services });
}

it.each<[string, string, (path: string) => Promise<string | undefined>]>([
  [
    'has another key',
    'another device answers there',
    async (path) => otherDoor(new URLSearchParams(path.split('?')[1]).get('nonce') ?? '', new URL(door).host),
  ],
  ['shows an old proof', 'it showed an old proof', () => ask('aaaaaaaaaaaaaaaaaaaaaaaa')],
  [
    'changes what was signed',
    'its signature is wrong',
    async (path) => (await ask(nonceOf(path))).replace(`${home.ports.web}`, '1'),
  ],
  ['is another program', 'what answers there is no door of a device', async () => '<html>'],
  ['answers too much', 'it answered too much', async () => 'x'.repeat(20_000)],
  ['hangs up', 'nothing answers on the LAN', async () => undefined],
])('a door that %s is not believed, and the relay is used', async (_what, reason, answer) => {
  const client = await clientWith(answer);
  const web = client.device('shed').service('web');
  const reply = await web.fetch('/x');
  expect(reply.status).toBe(200);
  expect(web.route?.kind).toBe('relay');
  expect(JSON.stringify(web.route)).toContain(reason);
  expect(((await reply.json()) as { headers: Record<string, string> }).headers['x-porchlight-person']).toBe(
    'alice',
  );
});

it('the door proves no address but the one that was asked', async () => {
  const passedOn = await fetch(
    `${door.replace('127.0.0.1', 'localhost')}/.well-known/porchlight-device?nonce=${'a'.repeat(24)}`,
  );
  expect(passedOn.status).toBe(421);
  expect((await fetch(`${door}/.well-known/porchlight-device?nonce=short`)).status).toBe(400);
  expect((await fetch(`${door}/`)).status).toBe(404);
});

it('a LAN that dies is left at once, and a request that may not be sent twice says so', async () => {
  let alive = true;
  const client = await home.client(undefined, {
    acceptLan,
    fetch: (input, init) => {
      const lan = input.startsWith(`http://127.0.0.1:${home.ports.web}`);
      return lan && !alive ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init);
    },
  });
  const web = client.device('shed').service('web');
  await web.fetch('/');
  expect(web.route?.kind).toBe('lan');
  alive = false;
  await expect(web.fetch('/', { method: 'POST', body: 'x' })).rejects.toMatchObject({
    code: 'service_unreachable',
  });
  expect(web.route).toEqual({ kind: 'relay', reason: 'the device stopped answering on the LAN' });
  expect((await web.fetch('/', { method: 'POST', body: 'x' })).status).toBe(200);
  const other = client.device('shed').service('web');
  expect((await other.fetch('/')).status).toBe(200);
});

it('TCP goes to the LAN too, by the name of the service or its port, and to the relay when nothing is there', async () => {
  let reached: number[] = [];
  const client = await home.client(undefined, {
    acceptLan,
    lanTcp: (address, signal) => {
      reached.push(address.port);
      return openLanTcp(address, signal);
    },
  });
  const shed = client.device('shed');
  const big = randomBytes(3_000_000);
  for (const target of ['echo', home.ports.echo]) {
    const stream = new TcpDuplex(await shed.tunnel(target));
    stream.end(big);
    expect(Buffer.concat(await stream.toArray()).equals(big)).toBe(true);
  }
  expect(reached).toEqual([home.ports.echo, home.ports.echo]);
  expect(shed.service('echo').route).toEqual({ kind: 'lan', origin: `tcp://127.0.0.1:${home.ports.echo}` });

  reached = [];
  const lost = await home.client(undefined, {
    acceptLan,
    lanTcp: () => openLanTcp({ host: '127.0.0.1', port: 1 }),
  });
  const stream = new TcpDuplex(await lost.device('shed').tunnel('echo'));
  stream.end('by the relay');
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('by the relay');
  expect(lost.device('shed').service('echo').route?.kind).toBe('relay');
});

function nonceOf(path: string): string {
  return new URLSearchParams(path.split('?')[1]).get('nonce') ?? '';
}

async function ask(nonce: string): Promise<string> {
  return (await fetch(`${door}/.well-known/porchlight-device?nonce=${nonce}`)).text();
}
