import http from 'node:http';
import { Duplex } from 'node:stream';
import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import type { DeviceRecord, ServiceRecord } from '../../devices/index.ts';
import type { Link } from '../../links/index.ts';
import { PathChecks } from './path-checks.ts';

it('a device that never answers keeps nobody else from a check', async () => {
  const silent = new http.Agent();
  silent.createConnection = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const checks = new PathChecks({
    links: { get: () => ({ services: [{ name: 'web', kind: 'http' }] }) as unknown as Link },
    pools: { agent: () => silent },
    clock: new FakeClock(),
  });
  const gone = new AbortController();
  const check = (accountId: string): Promise<string> =>
    checks
      .check(
        {
          device: { id: `of-${accountId}`, accountId, name: 'robot' } as DeviceRecord,
          service: { name: 'web' } as ServiceRecord,
          ...{ prefix: '/robot', strip: false, host: 'paths.relay.example', proto: 'https' },
          ...{ person: accountId, address: '203.0.113.9' },
        },
        gone.signal,
      )
      .then(
        () => 'done',
        ({ code }) => code,
      );
  const held = [check('mallory'), check('mallory'), check('alice')];
  expect(await check('mallory')).toBe('busy');
  gone.abort();
  expect(await Promise.all(held)).toEqual(['device_timeout', 'device_timeout', 'device_timeout']);
  expect(await check('mallory')).toBe('device_timeout');
});
