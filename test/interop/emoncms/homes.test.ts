import { startTestRelay, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startScriptedEmoncms } from '../../e2e/emoncms-rig.ts';

/** Answers as a home does; undefined: with nothing. */
type Home = (route: string, data: Readonly<Record<string, string>>) => unknown;

let relay: TestRelay;
let ann: TestPerson;
const clients: MqttClient[] = [];

beforeAll(async () => {
  relay = await startTestRelay();
  ann = await relay.person('ann', 'admin');
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(() => relay.close());

/** A client in the way of the original one, which says how it answered. */
async function startHome(
  answer: Home,
  { username = 'ann', password = ann.password }: { username?: string; password?: string } = {},
): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${relay.relay.ports.mqtt}`;
  const client = await connectAsync(url, { username, password, clientId: `${username}_python` });
  clients.push(client);
  client.on('message', (_topic, payload) => {
    const request = JSON.parse(payload.toString());
    const result = answer(`${request.controller}/${request.action}`, request.data);
    if (result === undefined) return;
    client.publish(`user/${username}/response/${request.clientId}`, JSON.stringify({ request, result }));
  });
  await client.subscribeAsync(`user/${username}/request`);
  return client;
}

const api = async (path: string, who = ann) => {
  const { status, body } = await who.api('GET', `/api/${path}`);
  return { http: status, ...JSON.parse(body) };
};
const deviceNamed = async (name: string, who = ann) =>
  (await api(`devices?search=${name}`, who)).items.find((one: { name: string }) => one.name === name);
/** Resolves when the device is up with the service, and the record has that. */
const online = (name: string, who = ann) =>
  vi.waitUntil(
    async () => {
      const device = await deviceNamed(name, who);
      const [service] = device?.services ?? [];
      return device?.link.up === true && service?.offered === true && device;
    },
    { timeout: 10_000 },
  );
const get = async (host: string, path: string, cookie: string, ask = {}) => {
  const answer = await relay.visit(host, path, { headers: { cookie }, ...ask });
  return { ...answer, json: answer.body.startsWith('<') ? undefined : JSON.parse(answer.body || 'null') };
};

describe('a client with the name and password of an account', () => {
  it('is a device of that account, made once, with a service that has a host of its own', async () => {
    const asked: unknown[] = [];
    const home: Home = (route, data) => {
      asked.push([route, data]);
      return [route];
    };
    const client = await startHome(home);
    const device = await online('ann-home');
    expect(device.link).toMatchObject({ transport: 'mqtt', agent: 'emoncms remote access' });
    expect(device.services).toMatchObject([{ name: 'emoncms', kind: 'rpc', access: 'login' }]);
    const host = 'emoncms--ann-home.localhost';
    const cookie = await relay.signOn(ann, host);
    expect(await get(host, '/feed/list.json', cookie)).toMatchObject({ status: 200, json: ['feed/list'] });
    const strange = 'id=1&apikey=stolen&q=feed/delete&Q[]=x';
    expect(await get(host, `/emoncms/feed/value.json?${strange}`, cookie)).toMatchObject({ status: 200 });
    expect(asked.at(-1)).toEqual(['feed/value', { id: '1' }]);
    const form = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const post = { method: 'POST', headers: form, body: 'id=2&apikey=x' };
    expect(await get(host, '/feed/value.json?a=b', cookie, post)).toMatchObject({ status: 200 });
    expect(asked.at(-1)).toEqual(['feed/value', { id: '2', a: 'b' }]);
    // What the server does not let through never gets there.
    const before = asked.length;
    for (const path of [
      '/feed/delete.json',
      '/user/login.json',
      '/feed/list',
      '/feed/../user/list.json',
      '//',
    ])
      expect([path, (await get(host, path, cookie)).status]).toEqual([path, 404]);
    const other = { headers: { ...form, 'content-type': 'application/json' }, method: 'POST', body: '{}' };
    expect((await get(host, '/feed/value.json', cookie, other)).status).toBe(400);
    const long = { ...post, body: `x=${'1'.repeat(20_000)}` };
    expect((await get(host, '/feed/value.json', cookie, long)).status).toBe(413);
    expect(
      (await get(host, '/feed/list.json', cookie, { method: 'DELETE', headers: { cookie } })).status,
    ).toBe(405);
    const site = { headers: { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } };
    const link = { headers: { ...site.headers, 'sec-fetch-dest': 'document' } };
    expect((await get(host, '/demandshaper/submit.json', cookie, link)).status).toBe(403);
    expect(asked.length).toBe(before);
    expect((await relay.visit(host, '/feed/list.json')).status).toBe(401);
    // None of that was the home's failure.
    expect((await deviceNamed('ann-home')).services[0].lastFailureAt).toBeUndefined();
    // There are no pages but the console's.
    const page = await get(host, '/emoncms/', cookie);
    expect([page.status, page.headers.location]).toEqual([
      302,
      `http://localhost:${relay.port}/devices/${device.id}/emoncms`,
    ]);
    const audit = await api('audit?action=service.opened');
    expect(audit.items[0]).toMatchObject({ actor: 'ann', target: 'emoncms--ann-home' });
    // It goes, and comes back as the same device.
    await client.endAsync(true);
    await vi.waitUntil(async () => (await deviceNamed('ann-home')).link.up === false, { timeout: 10_000 });
    const offline = await relay.visit(host, '/feed/list.json', { headers: { cookie, accept: 'text/html' } });
    expect([offline.status, offline.body]).toEqual([503, expect.stringContaining('ann-home is offline')]);
    await startHome(home);
    expect((await online('ann-home')).id).toBe(device.id);
    expect((await get(host, '/feed/list.json', cookie)).status).toBe(200);
  });

  it('that hangs up in between is offline at once, for a visitor too', async () => {
    const client = await startHome(() => void client.end(true));
    await online('ann-home');
    const host = 'emoncms--ann-home.localhost';
    const answer = await get(host, '/feed/list.json', await relay.signOn(ann, host));
    expect([answer.status, answer.json.code]).toEqual([503, 'device_offline']);
  });

  it('may be written with capitals, as people of the original have their names', async () => {
    await startHome(() => ['capitals'], { username: 'Ann' });
    await online('ann-home');
    expect(await get('localhost', '/feed/list.json', ann.cookie)).toMatchObject({ json: ['capitals'] });
  });

  it('is offered while it listens, and kept out while its device is blocked', async () => {
    const client = await startHome(() => ['here']);
    const { id } = await online('ann-home');
    const own = () => get('localhost', '/feed/list.json', ann.cookie);
    expect((await own()).status).toBe(200);
    await client.unsubscribeAsync('user/ann/request');
    expect((await own()).status).toBe(503);
    await client.subscribeAsync('user/ann/request');
    await online('ann-home');
    expect((await ann.api('PATCH', `/api/devices/${id}`, { blocked: true })).status).toBe(200);
    await vi.waitUntil(async () => (await own()).status === 503, { timeout: 10_000 });
    expect((await deviceNamed('ann-home')).link.up).toBe(false);
    expect((await ann.api('PATCH', `/api/devices/${id}`, { blocked: false })).status).toBe(200);
    await startHome(() => ['here']);
    await online('ann-home');
    expect((await own()).status).toBe(200);
  });

  it('that begins and ends to listen without end is cut off', async () => {
    const { password } = await relay.person('dan');
    const client = await startHome(() => [], { username: 'dan', password });
    const closed = new Promise((resolve) => client.once('close', () => resolve('closed')));
    const turns = async (): Promise<string> => {
      for (let n = 0; n < 100 && client.connected; n += 1) {
        await client.unsubscribeAsync('user/dan/request');
        await client.subscribeAsync('user/dan/request');
      }
      return 'endured';
    };
    expect(await Promise.race([closed, turns().catch(() => closed)])).toBe('closed');
  });

  it('that only looks on is no home', async () => {
    const eve = await relay.person('eve');
    const client = await connectAsync(`mqtt://127.0.0.1:${relay.relay.ports.mqtt}`, {
      ...{ username: 'eve', password: eve.password },
    });
    clients.push(client);
    await client.subscribeAsync('user/eve/#');
    expect((await get('localhost', '/feed/list.json', eve.cookie)).status).toBe(503);
    expect((await api('devices', eve)).items).toEqual([]);
  });
});

describe('a home that does not answer as it should', () => {
  const own = (path: string) => get('localhost', path, ann.cookie);

  it('never: an honest 504, which holds up nothing else for long', async () => {
    await startHome((route) => (route === 'input/list' ? undefined : [route]));
    await online('ann-home');
    let waiting = true;
    const silent = own('/input/list.json').then(({ status, json }) => [status, json.detail]);
    void silent.then(() => (waiting = false));
    const others = Array.from({ length: 8 }, () => own('/feed/list.json'));
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(others.map(() => 200));
    expect(waiting).toBe(true);
    expect(await silent).toEqual([504, expect.stringContaining('its access list does not allow this')]);
  }, 20_000);

  it('rubbish, twice, late, deep and long: each is its own call’s failure', async () => {
    let payload: string | undefined;
    let late: (() => void) | undefined;
    const client = await startHome((route) => (route === 'feed/list' ? [route] : undefined));
    client.on('message', (_topic, message) => {
      const { clientId, action } = JSON.parse(message.toString());
      const reply = (text: string) => client.publish(`user/ann/response/${clientId}`, text);
      if (action === 'value' && payload !== undefined) reply(payload);
      if (action === 'value') reply('{"result":"a second time"}');
      if (action === 'fetch') late = () => void reply('{"result":"late"}');
    });
    await online('ann-home');
    const deep = `{"result":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    for (const text of ['{{{', '[]', 'null', '{"request":{}}', '\xff\xfe', deep, 'DISCONNECTED']) {
      payload = text;
      const [bad, good] = await Promise.all([own('/feed/value.json?id=1'), own('/feed/list.json')]);
      expect([bad.status, bad.json.code, good.json]).toEqual([502, 'bad_answer', ['feed/list']]);
    }
    payload = JSON.stringify({ result: 'x'.repeat(900_000) });
    expect((await own('/feed/value.json?id=1')).json).toHaveLength(900_000);
    expect((await own('/feed/fetch.json?ids=1')).status).toBe(504);
    late?.();
    expect((await own('/feed/list.json')).json).toEqual(['feed/list']);
  }, 30_000);

  it('with a message that is too long is cut off, and comes again', async () => {
    const client = await startHome((route) => (route === 'feed/value' ? 'x'.repeat(1_100_000) : [route]));
    await online('ann-home');
    expect((await own('/feed/value.json?id=1')).json).toMatchObject({ status: 503, code: 'device_offline' });
    await vi.waitUntil(async () => (await own('/feed/list.json')).status === 200, { timeout: 15_000 });
    expect(client.connected).toBe(true);
  }, 30_000);
});

describe('the calls on the relay’s own host', () => {
  it('go to a device with an agent where no original client is, and are visits like others', async () => {
    const bea = await relay.person('bea');
    const emoncms = await startScriptedEmoncms();
    const home = await relay.device(bea, 'beas', { emoncms: emoncms.url });
    const own = (path: string, ask = {}) => get('localhost', path, bea.cookie, ask);
    expect((await own('/feed/list.json')).json).toHaveLength(4);
    expect((await own('/feed/value.json?id=1&apikey=x')).json).toMatchObject({ success: false });
    expect(emoncms.asked.at(-1)).toBe('/feed/value.json?id=1');
    const headers = {
      ...{ cookie: bea.cookie, origin: `http://localhost:${relay.port}`, 'sec-fetch-site': 'same-origin' },
      'content-type': 'application/x-www-form-urlencoded',
    };
    const post = { method: 'POST', headers, body: 'id=1&apikey=x' };
    expect((await own('/input/list.json', post)).json).toHaveLength(1);
    const audit = await api('audit?action=service.opened', bea);
    expect(audit.items[0]).toMatchObject({ target: 'emoncms--beas', actor: 'bea' });
    // Another's home is not to be had by its name.
    const none = await get('localhost', '/feed/list.json?home=ann-home', bea.cookie);
    expect(none).toMatchObject({ status: 503, json: { code: 'device_offline' } });
    // A client with the account's password comes first.
    await startHome(() => ['original'], { username: 'bea', password: bea.password });
    await online('bea-home', bea);
    expect((await own('/feed/list.json')).json).toEqual(['original']);
    expect((await own('/feed/list.json?home=beas')).json).toHaveLength(4);
    await home.stop();
    await emoncms.close();
  });
});

describe('an app password that names a device', () => {
  it('serves beside the agent that the device has, and is offered with what that offers', async () => {
    const cid = await relay.person('cid');
    const device = await relay.device(cid, 'cids');
    const made = await cid.api('POST', '/api/me/app-passwords', { name: 'home', deviceId: device.id });
    const credential = JSON.parse(made.body);
    const client = await startHome((route) => [route], credential);
    const listed = await online('cids', cid);
    expect(listed.link.transport).not.toBe('mqtt');
    const host = 'emoncms--cids.localhost';
    const cookie = await relay.signOn(cid, host);
    expect((await get(host, '/feed/list.json', cookie)).json).toEqual(['feed/list']);
    // The agent goes and comes: the home stays.
    await device.stop();
    await vi.waitUntil(async () => (await deviceNamed('cids', cid)).link.transport === 'mqtt', {
      timeout: 10_000,
    });
    expect((await get(host, '/feed/list.json', cookie)).json).toEqual(['feed/list']);
    await device.start();
    expect((await get(host, '/feed/list.json', cookie)).json).toEqual(['feed/list']);
    await client.endAsync(true);
    await vi.waitUntil(async () => (await deviceNamed('cids', cid)).services[0].offered === false, {
      timeout: 10_000,
    });
    expect((await get(host, '/feed/list.json', cookie)).json).toMatchObject({ code: 'service_unknown' });
  }, 30_000);
});
