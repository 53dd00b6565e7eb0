import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  connectAgent,
  type RawAgent,
  startTestRelay,
  type TestPerson,
  type TestRelay,
} from '@porchlight/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RUNS = 60;

/** Lines as a hostile agent might send them: near the real ones, and far from them. */
const lines = fc.oneof(
  fc.json(),
  fc.string({ maxLength: 200 }),
  fc.constantFrom(
    '{"type":"hello","version":1,"agent":"x","name":"robot"}',
    '{"type":"services","services":[{"name":"web","kind":"http"},{"name":"web","kind":"tcp"}]}',
    '{"type":"services","services":[{"name":"__proto__","kind":"http"}]}',
    '{"type":"ping","n":1e308,"rtt":-1}',
    '{"type":"paused","paused":"yes"}',
    '{"type":"welcome","device":"robot","domain":"localhost"}',
    '{"__proto__":{"type":"ping"},"n":1}',
    '{'.repeat(20_000),
    'x'.repeat(40_000),
  ),
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1')),
);

describe('an agent with a valid key that means harm', () => {
  let relay: TestRelay;
  let alice: TestPerson;
  let eve: TestPerson;
  let origin: http.Server;
  let visit: string;
  const keys: string[] = [];

  beforeAll(async () => {
    origin = http.createServer((_req, res) => res.end('here'));
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    relay = await startTestRelay();
    alice = await relay.person('alice');
    eve = await relay.person('eve');
    const { port } = origin.address() as AddressInfo;
    await relay.device(alice, 'robot', { web: `http://127.0.0.1:${port}` });
    visit = await relay.signOn(alice, 'web--robot.localhost');
    keys.push(newKey());
  });

  afterAll(async () => {
    await relay.close();
    origin.close();
  });

  /** The hostile device, let in by its own account. */
  async function enter(): Promise<RawAgent> {
    const made = await eve.api('POST', '/api/enrolment-tokens', { uses: 1 });
    const { token } = JSON.parse(made.body);
    return connectAgent({ port: relay.relay.ports.ssh ?? 0, key: keys[0] ?? '', name: 'evil', token });
  }

  async function expectOthersServed(): Promise<void> {
    const answer = await relay.visit('web--robot.localhost', '/', { headers: { cookie: visit } });
    expect([answer.status, answer.body]).toEqual([200, 'here']);
    const listed = JSON.parse((await alice.api('GET', '/api/devices')).body).items;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['robot']);
    expect(listed[0].services.map(({ name }: { name: string }) => name)).toEqual(['web']);
  }

  it('rubbish control lines end its own link at most', async () => {
    const samples = fc.sample(lines, RUNS);
    expect(samples).toHaveLength(RUNS);
    let agent = await enter();
    for (const line of samples) {
      if (agent.ended) agent = await enter();
      agent.send(`${line}\n`);
      await agent.answered();
    }
    agent.close();
    await expectOthersServed();
  });

  it("it cannot offer another's services, or under names that are none", async () => {
    const agent = await enter();
    for (const name of ['web--robot', '', '*', '0.0.0.0', '__proto__', 'a'.repeat(5_000)]) {
      expect(await agent.forward(name, 80), name).toBe(false);
    }
    for (const port of [0, 22, 443, 65_535])
      expect(await agent.forward('web', port), String(port)).toBe(false);
    agent.close();
    await expectOthersServed();
  });

  it('answers that are no HTTP, too long or never end harm its own visitors only', {
    timeout: 60_000,
  }, async () => {
    const agent = await enter();
    expect(await agent.forward('web', 80)).toBe(true);
    agent.send('{"type":"services","services":[{"name":"web","kind":"http"}]}\n');
    await agent.answered();
    const cookie = await relay.signOn(eve, 'web--evil.localhost');
    const answers = [
      randomBytes(4_000),
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'),
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n'),
      Buffer.from(`HTTP/1.1 200 OK\r\n${'X-Long: y\r\n'.repeat(20_000)}\r\n`),
      Buffer.from('HTTP/1.1 999 \u0000\r\n\r\n'),
      Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
      Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)),
      Buffer.alloc(0),
    ];
    for (const answer of answers) {
      agent.answerWith(answer);
      const asked = await relay
        .visit('web--evil.localhost', '/', { headers: { cookie } })
        .catch(() => undefined);
      if (asked !== undefined) expect(asked.status).toBeGreaterThanOrEqual(500);
      await expectOthersServed();
    }
    agent.close();
  });
});

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}
