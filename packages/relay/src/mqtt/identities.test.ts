import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let relay: TestRelay;
let ann: TestPerson;
let bob: TestPerson;
const clients: MqttClient[] = [];

beforeEach(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
  bob = await relay.person('bob');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await relay.close();
});

interface Heard {
  readonly client: MqttClient;
  readonly messages: { topic: string; text: string }[];
}

async function connect(options: IClientOptions): Promise<Heard> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
    reconnectPeriod: 0,
    ...options,
  });
  clients.push(client);
  const messages: Heard['messages'] = [];
  client.on('message', (topic, payload) => messages.push({ topic, text: payload.toString() }));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('close', () => reject(new Error('closed')));
    client.once('error', reject);
  });
  return { client, messages };
}

const closed = ({ client }: Heard): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()));

async function made(person: TestPerson, path: string, body: object): Promise<Record<string, string>> {
  const answer = await person.api('POST', path, body);
  expect(answer.status, answer.body).toBe(201);
  return JSON.parse(answer.body);
}

/** A device that joined by MQTT, and its credentials. */
async function joined(
  person: TestPerson,
  name: string,
): Promise<{ id: string; username: string; password: string }> {
  const { token } = await made(person, '/api/enrolment-tokens', {});
  const asking = await connect({ username: 'join' });
  await asking.client.subscribeAsync('join/answer');
  asking.client.publish('join/request', JSON.stringify({ name, token }));
  await expect.poll(() => asking.messages.length).toBe(1);
  const { username, password, state } = JSON.parse(asking.messages[0]?.text ?? '');
  expect([state, username]).toEqual(['allowed', name]);
  await asking.client.endAsync();
  const listed = JSON.parse((await person.api('GET', `/api/devices?search=${name}`)).body);
  return { id: listed.items[0].id, username, password };
}

describe('a device', () => {
  it('joins when a person presses Allow, and learns its credentials once, alone', async () => {
    const bystander = await connect({ username: 'join' });
    await bystander.client.subscribeAsync('join/#');
    const asking = await connect({ username: 'join' });
    await asking.client.subscribeAsync('join/#');
    await asking.client.publishAsync('join/request', JSON.stringify({ name: 'Shed 7', account: 'ann' }), {
      qos: 1,
    });
    await expect.poll(() => asking.messages.length).toBe(1);
    const { code, state } = JSON.parse(asking.messages[0]?.text ?? '');
    expect(state).toBe('waiting');
    const [request] = JSON.parse((await ann.api('GET', '/api/join-requests')).body).items;
    expect(request).toMatchObject({ code, name: 'shed-7', software: 'MQTT client' });
    const allowed = await ann.api('POST', `/api/join-requests/${request.id}/allow`, { code, name: 'shed' });
    expect(allowed.status, allowed.body).toBe(200);
    await expect.poll(() => asking.messages.length).toBe(2);
    const { username, password, topics } = JSON.parse(asking.messages[1]?.text ?? '');
    expect([username, topics]).toEqual(['shed', 'device/shed/']);
    expect(bystander.messages).toEqual([]);
    const device = await connect({ username, password });
    await device.client.publishAsync('device/shed/telemetry/temperature', '21.5', { qos: 1 });
    await device.client.publishAsync('device/shed/telemetry', '{"rh":40}', { qos: 1 });
    const id = JSON.parse(allowed.body).id;
    const view = async (path = '') => JSON.parse((await ann.api('GET', `/api/devices/${id}${path}`)).body);
    await expect
      .poll(async () =>
        (await view('/readings')).readings?.map((one: Record<string, unknown>) => [
          one['name'],
          one['value'],
        ]),
      )
      .toEqual([
        ['rh', '40'],
        ['temperature', '21.5'],
      ]);
    expect((await view()).link).toMatchObject({ up: true, transport: 'mqtt' });
    await device.client.endAsync();
    // It has published and left: from now on it calls home.
    await expect
      .poll(async () => (await view()).link)
      .toMatchObject({ up: true, callHome: { learned: true } });
    await expect.poll(async () => (await view()).link.transport).toBeUndefined();
  });

  it('is told when a person presses Deny', async () => {
    const asking = await connect({ username: 'join' });
    await asking.client.publishAsync('join/request', '{"name":"x","account":"ann"}');
    await expect.poll(() => asking.messages.length).toBe(1);
    const { code } = JSON.parse(asking.messages[0]?.text ?? '');
    const [request] = JSON.parse((await ann.api('GET', '/api/join-requests')).body).items;
    await ann.api('POST', `/api/join-requests/${request.id}/deny`, { code });
    await expect.poll(() => asking.messages[1]?.text).toMatch(/"refused".*Deny/);
  });

  it('has credentials that are revoked one by one, which ends their connections', async () => {
    const { id, ...first } = await joined(ann, 'shed');
    const {
      id: second,
      username,
      password,
    } = await made(ann, `/api/devices/${id}/mqtt-credentials`, { name: 'two' });
    const [one, two] = [await connect(first), await connect({ username, password } as IClientOptions)];
    const gone = closed(two);
    expect((await ann.api('DELETE', `/api/devices/${id}/mqtt-credentials/${second}`)).status).toBe(204);
    await gone;
    expect(one.client.connected).toBe(true);
    await expect(connect({ username, password } as IClientOptions)).rejects.toMatchObject({ code: 4 });
    const listed = JSON.parse((await ann.api('GET', `/api/devices/${id}/mqtt-credentials`)).body);
    expect(listed.items).toMatchObject([{ name: 'made at joining', lastUsedAt: expect.any(Number) }]);
    expect(JSON.stringify(listed)).not.toMatch(/plm_|[0-9a-f]{64}/);
  });

  it('loses its connection when it is blocked, removed or renamed, and goes on by its old name', async () => {
    const { id, ...credentials } = await joined(ann, 'shed');
    const before = await connect(credentials);
    let gone = closed(before);
    await ann.api('PATCH', `/api/devices/${id}`, { name: 'barn' });
    await gone;
    const device = await connect(credentials);
    expect(await device.client.subscribeAsync(['device/shed/#', 'device/barn/#'])).toMatchObject([
      { qos: 0 },
      { qos: 0 },
    ]);
    gone = closed(device);
    await ann.api('PATCH', `/api/devices/${id}`, { blocked: true });
    await gone;
    await expect(connect(credentials)).rejects.toMatchObject({ code: 5 });
    await ann.api('PATCH', `/api/devices/${id}`, { blocked: false });
    const again = await connect(credentials);
    gone = closed(again);
    await ann.api('DELETE', `/api/devices/${id}`);
    await gone;
    await expect(connect(credentials)).rejects.toMatchObject({ code: 4 });
  });
});

describe('an account', () => {
  it('has app passwords, each with client ids of its own, ended by revoking', async () => {
    const home = await joined(ann, 'kitchen');
    const one = await made(ann, '/api/me/app-passwords', { name: 'kitchen', deviceId: home.id });
    const two = await made(ann, '/api/me/app-passwords', { name: 'cellar' });
    const as = ({ username, password }: Record<string, string>) =>
      ({ username, password, clientId: 'ann_python' }) as IClientOptions;
    const [first, second] = [await connect(as(one)), await connect(as(two))];
    expect([first.client.connected, second.client.connected]).toEqual([true, true]);
    await first.client.subscribeAsync('user/ann/#');
    const gone = closed(first);
    expect((await ann.api('DELETE', `/api/me/app-passwords/${one['id']}`)).status).toBe(204);
    await gone;
    await expect(connect(as(one))).rejects.toMatchObject({ code: 4 });
    expect(second.client.connected).toBe(true);
    expect((await bob.api('POST', '/api/me/app-passwords', { name: 'x', deviceId: home.id })).status).toBe(
      404,
    );
    await expect(connect({ ...as(two), username: 'bob' })).rejects.toMatchObject({ code: 4 });
  });

  it('loses its connections when its password is changed, not those of app passwords', async () => {
    const app = await made(ann, '/api/me/app-passwords', { name: 'x' });
    const byApp = await connect({ username: 'ann', password: app['password'] } as IClientOptions);
    const own = await connect({ username: 'ann', password: ann.password });
    const gone = closed(own);
    const change = { current: ann.password, next: 'a new long password' };
    expect((await ann.api('POST', '/api/me/password', change)).status).toBeLessThan(300);
    await gone;
    expect(byApp.client.connected).toBe(true);
    await expect(connect({ username: 'ann', password: ann.password })).rejects.toMatchObject({ code: 4 });
  });

  it('is not guessed: wrong passwords are slowed down, the right one too', async () => {
    const codes: unknown[] = [];
    for (let n = 0; n < 7; n += 1) {
      await connect({ username: 'ann', password: `wrong ${n}` }).catch((error: { code?: unknown }) =>
        codes.push(error.code),
      );
    }
    expect(codes).toEqual([4, 4, 4, 4, 4, 3, 3]);
    await expect(connect({ username: 'ann', password: ann.password })).rejects.toMatchObject({ code: 3 });
  });
});

it('everybody subscribes to everything, and hears what is its own', async () => {
  const device = await joined(ann, 'shed');
  const other = await joined(bob, 'meter');
  const app = await made(ann, '/api/me/app-passwords', { name: 'x' });
  const everybody: Record<string, IClientOptions> = {
    ann: { username: 'ann', password: ann.password },
    'app of ann': { username: 'ann', password: app['password'] } as IClientOptions,
    bob: { username: 'bob', password: bob.password },
    shed: { username: device.username, password: device.password },
    meter: { username: other.username, password: other.password },
    joining: { username: 'join' },
  };
  const owned: Record<string, string[]> = {
    ann: ['user/ann/x', `user/${ann.id}/x`],
    bob: ['user/bob/x', `user/${bob.id}/x`],
    shed: ['device/shed/x'],
    meter: ['device/meter/x'],
    joining: ['join/x'],
  };
  const all = Object.values(owned).flat();
  const filters = [
    ...[
      '#',
      '+/#',
      '+/+/+',
      '/#',
      '$SYS/#',
      '$share/all/#',
      '$queue/#',
      'user/#',
      'user/+/#',
      'device/#',
      'join/#',
    ],
    ...all.map((topic) => topic.replace(/x$/, '#')),
    ...all,
  ];
  for (const clean of [true, false]) {
    const heard = new Map<string, Heard>();
    for (const [name, options] of Object.entries(everybody)) {
      const one = await connect({ ...options, clientId: `k-${name}`, clean: clean || name === 'joining' });
      for (const filter of filters)
        await one.client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
      heard.set(name, one);
    }
    for (const [name, topics] of Object.entries(owned)) {
      for (const topic of topics) {
        for (const qos of [0, 1, 2] as const)
          await heard.get(name)?.client.publishAsync(topic, name, { qos });
      }
    }
    for (const [name, { messages }] of heard) {
      const own = name === 'joining' ? [] : (owned[name.replace('app of ', '')] ?? []);
      await expect
        .poll(() => ({ name, topics: new Set(messages.map(({ topic }) => topic)) }))
        .toEqual({ name, topics: new Set(own) });
    }
    for (const { client } of heard.values()) await client.endAsync();
  }
});
