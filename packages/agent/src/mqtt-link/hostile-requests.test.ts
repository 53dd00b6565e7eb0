import http from 'node:http';
import { expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { silentLogger } from '../log/index.ts';
import { DeviceRequests } from './device-requests.ts';

it('a request that node:http would throw at does not end the agent', async () => {
  const server = http.createServer((req, res) => res.end(req.url));
  const said: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const requests = new DeviceRequests({
    onChannel: (_service, accept) => void server.emit('connection', accept()),
    publish: (payload) => {
      said.push(payload.toString().split('\n')[0] ?? '');
      if (said.length === 2) resolve();
    },
    clock: systemClock,
    logger: silentLogger,
  });
  requests.message(Buffer.from('request a last 1000 web POST /x\nTrailer: x\nContent-Length: 1\n\nx'));
  requests.message(Buffer.from('request b last 1000 web GET /x\n\n'));
  await promise;
  expect(said).toEqual(['refuse a unreachable the request is none of HTTP', 'response b last 200']);
  requests.close();
});
