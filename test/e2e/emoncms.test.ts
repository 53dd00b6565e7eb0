import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestRelay, type TestDevice, type TestPerson, type TestRelay } from '@porchlight/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDemoHome } from '../../demo/src/home.ts';
import { POINTS, type ScriptedEmoncms, startScriptedEmoncms } from './emoncms-rig.ts';

describe('what the console asks an emoncms at home', () => {
  let relay: TestRelay;
  let owner: TestPerson;
  let stranger: TestPerson;
  let home: TestDevice;
  let emoncms: ScriptedEmoncms;

  const ask = async (what: string, service = 'emoncms', who = owner) => {
    const { status, body } = await who.api(
      'GET',
      `/api/devices/${home.id}/services/${service}/emoncms/${what}`,
    );
    return { status, ...JSON.parse(body) };
  };
  const data = (id: number) => ask(`feeds/${id}/data?start=1000000&end=2000000&interval=10`);

  beforeAll(async () => {
    emoncms = await startScriptedEmoncms();
    relay = await startTestRelay();
    owner = await relay.person('ann', 'admin');
    stranger = await relay.person('eve');
    home = await relay.device(owner, 'home', { emoncms: emoncms.url, ssh: 'tcp://127.0.0.1:9' });
  });
  beforeEach(() => {
    emoncms.answer = undefined;
    emoncms.asked.length = 0;
  });
  afterAll(async () => {
    await relay.close();
    await emoncms.close();
  });

  it('is lists and histories in one form, whatever emoncms gives', async () => {
    const { status, feeds, at } = await ask('feeds');
    expect(status).toBe(200);
    expect(feeds[0]).toMatchObject({ id: 1, name: 'use', tag: 'Power', engine: 5, size: 4000, value: 0.5 });
    expect(at).toBeGreaterThan(0);
    expect(await ask('inputs')).toMatchObject({ inputs: [{ node: 'emonpi', name: 'power1', processes: 1 }] });
    expect(await ask('feeds/1')).toMatchObject({ interval: 10, points: 259_200 });
    const { times, values } = await data(2);
    expect([times.length, values.length, values[4_200]]).toEqual([POINTS, POINTS, null]);
    expect(emoncms.asked.at(-1)).toBe(
      '/feed/data.json?id=2&start=1000000&end=2000000&interval=10&skipmissing=0&limitinterval=1',
    );
  });

  it('is for the owner, and about these four things only', async () => {
    expect(await ask('feeds', 'emoncms', stranger)).toMatchObject({ status: 404, code: 'not_found' });
    expect(await ask('feeds', 'ssh')).toMatchObject({ status: 400, code: 'bad_request' });
    expect(await ask('feeds', 'nothing')).toMatchObject({ status: 404 });
    expect((await ask('feeds/1/delete')).status).toBe(404);
    expect((await ask('feeds/x')).status).toBe(400);
    expect((await ask('feeds/1/data?start=0&end=1000000000&interval=1')).status).toBe(400);
    expect((await ask('feeds/1/data?start=0&end=1000&interval=1&apikey=x')).status).toBe(400);
    expect(emoncms.asked).toEqual([]);
  });

  it.each([
    ['<html>hello</html>', /no JSON/],
    ['{"success":false,"message":"Invalid API key"}', /emoncms says: Invalid API key/],
    ['{"a":1}', /no history/],
    ['[[1,2],["x",3]]', /no time/],
    [`[${'[1,2],'.repeat(500_000)}[1,2]]`, /longer than/],
    ['['.repeat(100_000), /no JSON/],
  ])('rubbish is called rubbish', async (text, why) => {
    emoncms.answer = () => text;
    expect(await data(1)).toMatchObject({
      status: 502,
      code: 'bad_answer',
      detail: expect.stringMatching(why),
    });
    emoncms.answer = undefined;
    expect((await data(1)).status).toBe(200);
  });

  it('has five seconds to begin with its answer', async () => {
    emoncms.answer = () => false;
    expect(await data(1)).toMatchObject({ status: 504, code: 'device_timeout' });
    emoncms.answer = undefined;
    expect((await data(1)).status).toBe(200);
  }, 20_000);

  it('keeps last answers only where the owner wants that, and forgets them when switched off', async () => {
    const service = `/api/devices/${home.id}/services/emoncms`;
    await ask('feeds');
    emoncms.answer = () => 'nonsense';
    expect((await ask('feeds')).status).toBe(502);
    emoncms.answer = undefined;
    expect((await owner.api('PATCH', service, { keepLastAnswers: true })).status).toBe(200);
    const { at } = await ask('feeds');
    await home.stop();
    const old = await ask('feeds');
    expect(old).toMatchObject({ status: 200, at, failure: { code: 'device_offline', status: 503 } });
    expect(old.feeds).toHaveLength(4);
    expect(old.failure.offlineSince).toBeGreaterThan(0);
    // What was never asked for is not there.
    expect(await ask('inputs')).toMatchObject({ status: 503, code: 'device_offline' });
    expect((await owner.api('PATCH', service, { keepLastAnswers: false })).status).toBe(200);
    expect(await ask('feeds')).toMatchObject({ status: 503, code: 'device_offline' });
    const audit = JSON.parse((await owner.api('GET', '/api/audit?action=service.last-answers-changed')).body);
    expect(audit.items).toHaveLength(2);
    await home.start();
  });

  it('keeps nothing that was asked for before the switch was off', async () => {
    const service = `/api/devices/${home.id}/services/emoncms`;
    await owner.api('PATCH', service, { keepLastAnswers: true });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    emoncms.hold = held;
    const asked = emoncms.asked.length;
    const late = ask('feeds');
    await expect.poll(() => emoncms.asked.length).toBeGreaterThan(asked);
    await owner.api('PATCH', service, { keepLastAnswers: false });
    release();
    expect((await late).status).toBe(200);
    emoncms.hold = undefined;
    // Switched on again, there is nothing from before.
    await owner.api('PATCH', service, { keepLastAnswers: true });
    emoncms.answer = () => 'nonsense';
    expect((await ask('feeds')).status).toBe(502);
    await owner.api('PATCH', service, { keepLastAnswers: false });
  });

  it("obeys the device's own policy", async () => {
    await writeFile(join(home.dataFolder, 'policy'), 'service emoncms\n  default deny\n', { mode: 0o600 });
    await home.stop();
    await home.start();
    expect(await ask('feeds')).toMatchObject({ status: 403, code: 'denied_by_device' });
    expect(emoncms.asked).toEqual([]);
  });
});

describe('the demo home', () => {
  it('has its emoncms below /emoncms, where it is found, and adds its key itself', async () => {
    const relay = await startTestRelay();
    const home = await startDemoHome();
    const owner = await relay.person('ann', 'admin');
    const [energy] = home.programs;
    const device = await relay.device(owner, 'demo', { emoncms: energy?.target ?? '' });
    await writeFile(join(device.dataFolder, 'secrets'), home.secrets, { mode: 0o600 });
    await writeFile(join(device.dataFolder, 'policy'), home.policy, { mode: 0o600 });
    await device.stop();
    await device.start();
    try {
      const base = `/api/devices/${device.id}/services/emoncms/emoncms`;
      const answer = await owner.api('GET', `${base}/feeds`);
      expect([answer.status, JSON.parse(answer.body).feeds.length]).toEqual([200, 7]);
      const end = Date.now();
      const query = `start=${end - 3600_000}&end=${end}&interval=10`;
      const history = JSON.parse((await owner.api('GET', `${base}/feeds/1/data?${query}`)).body);
      expect(history.times.length).toBeGreaterThan(350);
    } finally {
      await relay.close();
      await home.close();
    }
  });
});
