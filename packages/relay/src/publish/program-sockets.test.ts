import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const HOST = 'web--robot.localhost';
let relay: TestRelay;
let alice: TestPerson;

beforeAll(async () => {
  relay = await startTestRelay();
  alice = await relay.person('alice');
  await relay.device(alice, 'robot', { web: 'http://127.0.0.1:9' });
});
afterAll(() => relay.close());

/** Status of the answer to a WebSocket that wants to hear inside why it is refused. */
async function ask(headers: Record<string, string>): Promise<number | undefined> {
  const asked = http.get({
    ...{ host: '127.0.0.1', port: relay.port, path: '/', agent: false },
    headers: {
      ...{ connection: 'Upgrade', upgrade: 'websocket', host: `${HOST}:${relay.port}`, ...headers },
      ...{ 'sec-websocket-version': '13', 'sec-websocket-key': Buffer.alloc(16).toString('base64') },
      'sec-websocket-protocol': 'porchlight.socket, porchlight.refused',
    },
  });
  const [answer] = (await Promise.race([once(asked, 'response'), once(asked, 'upgrade')])) as [
    IncomingMessage,
  ];
  asked.destroy();
  return answer.statusCode;
}

it('the page of another device does not hear by a WebSocket whose browser it is in', async () => {
  const origin = `http://web--evil.localhost:${relay.port}`;
  const cookie = await relay.signOn(alice, HOST);
  expect(await ask({ origin, cookie })).toBe(403);
  expect(await ask({ origin })).toBe(401);
  // A program with a token is told inside, for it could read nothing else.
  const wrong = `Bearer plt_${'A'.repeat(43)}`;
  expect(await ask({ origin, authorization: wrong })).toBe(101);
});
