import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { PorchlightError } from '@porchlight/protocol';
import { TUNNEL_WINDOW } from '@porchlight/protocol/tunnel';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ANONYMOUS, createGrant, type GrantRecord, type Identity } from '../../access/index.ts';
import type { NewAuditEntry } from '../../audit/index.ts';
import type { DeviceRecord } from '../../devices/index.ts';
import { createEventBus } from '../../events.ts';
import type { PortTarget } from '../device-ports.ts';
import { Tunnels } from './tunnels.ts';

const events = createEventBus((error) => {
  throw error;
});
let clock: FakeClock;
let tunnels: Tunnels;
let server: http.Server;
let audit: NewAuditEntry[];
let targets: PortTarget[];
let reach: () => Promise<Duplex>;
let grant: GrantRecord | undefined;
let ended: boolean;
/** Called while a device is looked for. */
let looking: () => void;
const errors: unknown[] = [];

const person = (accountId: string): Identity => ({
  ...{ kind: 'access-token', accountId, accountName: accountId, role: 'member', tokenId: `t-${accountId}` },
  grant: grant && createGrant(grant),
});

beforeEach(async () => {
  clock = new FakeClock();
  audit = [];
  targets = [];
  grant = undefined;
  ended = false;
  looking = () => undefined;
  reach = async () => new PassThrough();
  tunnels = new Tunnels({
    identities: {
      byAccessToken: async (token) =>
        token === 'plt_ann' && !ended ? person('ann') : token === 'plt_eve' ? person('eve') : ANONYMOUS,
    },
    devices: {
      async byId(accountId, id) {
        looking();
        return accountId === 'ann' && id === 'd1'
          ? ({ id, accountId, name: 'shed' } as DeviceRecord)
          : undefined;
      },
    },
    ports: {
      open(_device, target) {
        targets.push(target);
        return reach();
      },
    },
    audit: { append: (entry) => void audit.push(entry) },
    events,
    clock,
    onError: (error) => errors.push(error),
  });
  server = http.createServer();
  server.on('upgrade', (req, socket, head) => tunnels.upgrade(req, socket, head, '203.0.113.9'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  tunnels.close();
  await expect.poll(() => tunnels.size).toBe(0);
  expect(clock.waiting).toBe(0);
  expect(errors.splice(0)).toEqual([]);
  server.close();
  server.closeAllConnections();
});

/** A client that notes what it hears. */
function connect(path = '/api/devices/d1/tcp?port=22', token: string | null = 'plt_ann') {
  const protocols = ['porchlight.tcp', ...(token === null ? [] : [`porchlight.bearer.${token}`])];
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, protocols);
  const said: { type: string; problem?: { code: string } }[] = [];
  const bytes: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) bytes.push(data);
    else said.push(JSON.parse(data.toString()));
  });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  return {
    socket,
    said,
    bytes,
    closed,
    opened: () => expect.poll(() => said.map(({ type }) => type)).toContain('open'),
    refused: async () => {
      await closed;
      return said.at(-1)?.problem?.code;
    },
  };
}

it('carries bytes both ways, ends in order, and is noted once in an hour', async () => {
  for (let n = 0; n < 2; n += 1) {
    const client = connect();
    await client.opened();
    expect(client.socket.protocol).toBe('porchlight.tcp');
    client.socket.send(Buffer.from('ping'));
    await expect.poll(() => Buffer.concat(client.bytes).toString()).toBe('ping');
    client.socket.send('{"type":"end"}');
    expect(await client.closed).toBe(1000);
    expect(client.said.at(-1)).toEqual({ type: 'end' });
  }
  expect(targets).toEqual([{ port: 22 }, { port: 22 }]);
  expect(audit).toMatchObject([
    {
      ...{ accountId: 'ann', actor: 'ann', action: 'tunnel.opened', deviceId: 'd1', target: 'shed' },
      ...{ address: '203.0.113.9', detail: { to: 'port 22' } },
    },
  ]);
});

it('a client that does not take what comes is sent no more than its window', async () => {
  const device = new PassThrough({ highWaterMark: 4 * TUNNEL_WINDOW });
  reach = async () => device;
  const client = connect();
  await client.opened();
  device.write(Buffer.alloc(3 * TUNNEL_WINDOW));
  const got = () => client.bytes.reduce((sum, one) => sum + one.length, 0);
  await expect.poll(got).toBe(TUNNEL_WINDOW);
  client.socket.send(`{"type":"taken","bytes":${TUNNEL_WINDOW}}`);
  await expect.poll(got).toBe(2 * TUNNEL_WINDOW);
  client.socket.close();
  await expect.poll(() => device.destroyed).toBe(true);
});

describe('who sends what it may not is cut off', () => {
  it.each<[string, (socket: WebSocket) => void]>([
    [
      'more than its window',
      (socket) => {
        for (let n = 0; n < 40; n += 1) socket.send(Buffer.alloc(64 * 1024));
      },
    ],
    ['text that is no message', (socket) => socket.send('hello')],
    [
      'bytes behind its end',
      (socket) => {
        socket.send('{"type":"end"}');
        socket.send(Buffer.from('x'));
      },
    ],
    [
      'two ends',
      (socket) => {
        socket.send('{"type":"end"}');
        socket.send('{"type":"end"}');
      },
    ],
    ['a message that is too large', (socket) => socket.send(Buffer.alloc(100_000))],
  ])('%s', async (_what, misbehave) => {
    const device = new PassThrough({ highWaterMark: 1 });
    device.end = () => device; // it takes nothing and never ends
    device.write = () => false;
    reach = async () => device;
    const client = connect();
    await client.opened();
    misbehave(client.socket);
    expect(await client.closed).not.toBe(1000);
    await expect.poll(() => device.destroyed).toBe(true);
  });
});

describe('is refused inside the WebSocket', () => {
  it.each<[string, string | null, string, string]>([
    ['nobody', null, '/api/devices/d1/tcp?port=22', 'not_signed_in'],
    ['a wrong token', 'plt_no', '/api/devices/d1/tcp?port=22', 'token_invalid'],
    ["somebody else's device", 'plt_eve', '/api/devices/d1/tcp?port=22', 'not_found'],
    ['no such device', 'plt_ann', '/api/devices/d2/tcp?port=22', 'not_found'],
    ['no target', 'plt_ann', '/api/devices/d1/tcp', 'bad_request'],
    ['a port that is none', 'plt_ann', '/api/devices/d1/tcp?port=0', 'bad_request'],
    ['a port that is too high', 'plt_ann', '/api/devices/d1/tcp?port=70000', 'bad_request'],
    ['two targets', 'plt_ann', '/api/devices/d1/tcp?port=22&service=ssh', 'bad_request'],
  ])('%s', async (_what, token, path, code) => {
    expect(await connect(path, token).refused()).toBe(code);
    expect(targets).toEqual([]);
  });

  it('what is beyond the grant', async () => {
    grant = { scopes: ['read', 'write'] };
    expect(await connect().refused()).toBe('scope_missing');
    grant = { scopes: ['shell'], devices: [{ id: 'd1', services: ['ssh'] }] };
    expect(await connect().refused()).toBe('not_found');
    await connect('/api/devices/d1/tcp?service=ssh').opened();
  });

  it('what the device does not let through, with the reason', async () => {
    reach = () =>
      Promise.reject(
        new PorchlightError('device_offline', 'shed is offline', { detail: { offlineSince: 5 } }),
      );
    const client = connect();
    expect(await client.refused()).toBe('device_offline');
    expect(client.said.at(-1)?.problem).toMatchObject({ offlineSince: 5, detail: 'shed is offline' });
  });

  it('one too many of an account', async () => {
    const all = Array.from({ length: 64 }, () => connect());
    for (const one of all) await one.opened();
    expect(await connect().refused()).toBe('busy');
    all[0]?.socket.close();
    await expect.poll(() => tunnels.size).toBe(63);
    await connect().opened();
  });
});

it.each([
  [{ type: 'access-token-revoked', accountId: 'ann', tokenId: 't-ann' }, 'token_invalid'],
  [{ type: 'account-removed', accountId: 'ann' }, 'token_invalid'],
  [{ type: 'device-removed', accountId: 'ann', deviceId: 'd1' }, 'not_found'],
] as const)('ends with what it stands on: %j', async (event, code) => {
  const client = connect();
  await client.opened();
  events.publish({ type: 'access-token-revoked', accountId: 'ann', tokenId: 'another' });
  events.publish(event);
  expect(await client.refused()).toBe(code);
});

it('ends when a personal token has run out, or was revoked by another process', async () => {
  const client = connect();
  await client.opened();
  await clock.advance(30_000);
  expect(tunnels.size).toBe(1);
  ended = true;
  await clock.advance(30_000);
  expect(await client.refused()).toBe('token_invalid');
});

it('a token that is revoked while its device is looked for opens nothing', async () => {
  looking = () => {
    ended = true;
    events.publish({ type: 'access-token-revoked', accountId: 'ann', tokenId: 't-ann' });
  };
  expect(await connect().refused()).toBe('token_invalid');
  expect(targets).toEqual([]);
});

it('a client that answers no ping is gone', async () => {
  const client = connect();
  await client.opened();
  client.socket.pause();
  for (let n = 0; n < 4; n += 1) await clock.advance(30_000);
  client.socket.resume();
  expect(await client.closed).toBe(1006);
});
