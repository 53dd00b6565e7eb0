import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';

let relay: TestRelay;
let ann: TestPerson;
let client: MqttClient;
/** What the home's client says to each request. */
let answer: string;

beforeEach(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
  client = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
    ...{ username: ann.name, password: ann.password, reconnectPeriod: 0 },
  });
  client.on('message', (_topic, payload) => {
    const { clientId } = JSON.parse(payload.toString());
    client.publish(`user/ann/response/${clientId}`, answer);
  });
  await client.subscribeAsync('user/ann/request');
});
afterEach(async () => {
  client.end(true);
  await relay.close();
});

const ask = () =>
  relay.visit('localhost', '/feed/list.json', {
    headers: { cookie: ann.cookie, 'sec-fetch-site': 'same-origin' },
  });

it('a home that answers with a hundred thousand brackets does not end the relay', async () => {
  // It can be read, and not written again: that needs the stack.
  answer = `{"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const { status, body } = await ask();
  expect([status, JSON.parse(body).code]).toEqual([502, 'bad_answer']);
  answer = '{"result":[1]}';
  expect((await ask()).body).toBe('[1]');
});

it('a stranger cannot make the sign-in check keep names of sixteen thousand characters', async () => {
  const given = new URLSearchParams({ username: 'x'.repeat(16_000), password: 'x' }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const refused = await relay.visit('localhost', '/user/auth.json', { method: 'POST', headers, body: given });
  expect(JSON.parse(refused.body)).toMatchObject({ success: false });
  const audit = JSON.parse((await ann.api('GET', '/api/audit')).body);
  expect(JSON.stringify(audit)).not.toContain('xxxxxxxx');
});
