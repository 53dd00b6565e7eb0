import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, startTestRelay, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Visitor } from '../access/index.ts';
import { createEventBus } from '../events.ts';
import { OpenVisits } from './open-visits.ts';

it('a personal token that runs out ends what it has open; the hour of an app’s token does not', async () => {
  const clock = new FakeClock();
  const visits = new OpenVisits({ events: createEventBus(() => undefined), clock });
  const program = { kind: 'access-token', accountId: 'a', accountName: 'ann', role: 'member' } as const;
  const ended: string[] = [];
  const add = (tokenId: string, endsAt: number | undefined) => {
    const identity: Visitor = { ...program, tokenId, endsAt };
    visits.add({ destroy: () => ended.push(tokenId), once: () => undefined }, identity);
  };
  add('personal', clock.now() + 60_000);
  add('app', undefined);
  await clock.advance(59_999);
  expect(ended).toEqual([]);
  await clock.advance(24 * 3600_000);
  expect(ended).toEqual(['personal']);
  visits.close();
});

describe('what a visitor has open', () => {
  let relay: TestRelay;
  let origin: http.Server;

  beforeAll(async () => {
    origin = http.createServer((_req, res) => res.write('first'));
    origin.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    await once(origin.listen(0, '127.0.0.1'), 'listening');
    relay = await startTestRelay();
  });

  afterAll(async () => {
    await relay.close();
    origin.closeAllConnections();
    origin.close();
  });

  it.each(['stream', 'upgrade'])(
    'a %s ends with the session that let it in, and no other does',
    async (kind) => {
      const owner = await relay.person(`alice-${kind}`);
      await relay.device(owner, `robot-${kind}`, {
        web: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
      });
      const host = `web--robot-${kind}.localhost`;
      const made = await owner.api('POST', '/api/me/access-tokens', { name: 'stays' });
      const open = async (headers: Record<string, string>): Promise<{ closed: Promise<unknown> }> => {
        const upgrade = kind === 'upgrade' ? { connection: 'Upgrade', upgrade: 'echo' } : {};
        const asked = http.get({
          ...{ host: '127.0.0.1', port: relay.port, path: '/', agent: false },
          headers: { ...headers, ...upgrade, host: `${host}:${relay.port}` },
        });
        const closed = new Promise((resolve) => {
          asked.on('response', (answer) => answer.on('close', resolve).on('error', resolve).resume());
          asked.on('upgrade', (_answer, socket) => socket.on('close', resolve).on('error', resolve).resume());
        });
        await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
        return { closed };
      };
      const bySession = await open({ cookie: await relay.signOn(owner, host) });
      const byToken = await open({ authorization: `Bearer ${JSON.parse(made.body).token}` });
      let tokenEnded = false;
      void byToken.closed.then(() => (tokenEnded = true));
      await owner.api('POST', '/api/sign-out');
      await bySession.closed;
      expect(tokenEnded).toBe(false);
    },
  );
});
