import http, { type ServerResponse } from 'node:http';
import { decodeFromDevice, encodeRpc, type RpcFromDevice } from '@porchlight/protocol/rpc';
import { FakeClock } from '@porchlight/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../log/index.ts';
import { DeviceRequests } from './device-requests.ts';

it('a stream that says nothing tells once a minute that it is there, and no longer than it is', async () => {
  const clock = new FakeClock();
  const server = http.createServer();
  const streams = new Promise<ServerResponse>((resolve) => {
    server.on('request', (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      resolve(res);
    });
  });
  const said: RpcFromDevice[] = [];
  let wake: () => void = () => undefined;
  const requests = new DeviceRequests({
    onChannel: (_service, accept) => void server.emit('connection', accept()),
    publish: (payload) => {
      const read = decodeFromDevice(payload);
      if (!read.ok) throw new Error(read.reason);
      said.push(read.message);
      wake();
    },
    clock,
    logger: silentLogger,
  });
  onTestFinished(() => requests.close());
  const saidUpTo = async (count: number): Promise<void> => {
    while (said.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const id = 'a1';
  const head = { type: 'request', id, last: true, deadlineMs: 1000, service: 'web', method: 'GET' } as const;
  requests.message(encodeRpc({ ...head, target: '/events', fields: [], body: new Uint8Array(0) }));
  const stream = await streams;
  await saidUpTo(1);
  expect(said[0]).toMatchObject({ type: 'response', last: false });
  await clock.advance(60_000);
  expect(said[1]).toMatchObject({ type: 'part', id, last: false, index: 1, body: { length: 0 } });
  stream.write('data: x\n\n');
  await saidUpTo(3);
  await clock.advance(59_000);
  expect(said.length).toBe(3);
  // Eight messages may go before the relay has taken any.
  await clock.advance(600_000);
  expect(said.length).toBe(8);
  requests.message(encodeRpc({ type: 'ack', id, taken: 8 }));
  await clock.advance(60_000);
  expect(said.length).toBe(9);
  stream.end();
  await saidUpTo(10);
  expect(said[9]).toMatchObject({ type: 'part', last: true });
  expect(clock.waiting).toBe(0);
});
