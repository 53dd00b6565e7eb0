import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LanRig, openLanRig } from '../../lan-rig.ts';

let rig: LanRig;
beforeEach(async () => {
  rig = await openLanRig();
});
afterEach(() => rig.close());

const PATH = '/emoncms/device/auth/request.json';

/** As the firmware reads an answer: 2 or 3 colons are credentials, all else is "not yet". */
async function ask(from: string, path = PATH): Promise<string[] | string> {
  const answer = await rig.fetch(from, path);
  const body = await answer.text();
  const colons = body.split(':').length - 1;
  return colons === 2 || colons === 3 ? body.split(':') : body;
}

const idOf = (address: string): string =>
  rig.requests.list().find((request) => request.address === address)?.id ?? 'none';

it('asks until a person allows it, and gets credentials of its own, once', async () => {
  expect(await ask('10.0.0.1')).toBe('request registered');
  expect(await ask('10.0.0.1', '/device/auth/request.json')).toBe('request registered');
  await rig.requests.allow(idOf('10.0.0.1'), { name: 'Kitchen' });
  const answer = await ask('10.0.0.1');
  expect(answer).toEqual(['kitchen', expect.stringMatching(/^[\w-]{24}$/), 'emon']);
  expect(rig.devices.signIn(String(answer[0]), String(answer[1]))?.name).toBe('kitchen');
  expect(await ask('10.0.0.1')).toBe('request registered');
});

it('no other address gets them, and two who fetch at the same time get one answer', async () => {
  await ask('10.0.0.1');
  await rig.requests.allow(idOf('10.0.0.1'), { name: 'kitchen' });
  expect(await ask('10.0.0.2')).toBe('request registered');
  const both = await Promise.all([ask('10.0.0.1'), ask('10.0.0.1')]);
  expect(both.filter((answer) => Array.isArray(answer))).toHaveLength(1);
});

it('within a minute, and not later', async () => {
  await ask('10.0.0.1');
  await rig.requests.allow(idOf('10.0.0.1'), { name: 'kitchen' });
  await rig.clock.advance(60_000);
  expect(await ask('10.0.0.1')).toBe('request registered');
  await rig.requests.allow(idOf('10.0.0.1'), { name: 'kitchen' });
  await rig.clock.advance(59_999);
  expect(await ask('10.0.0.1')).toHaveLength(3);
});

it('a restart between Allow and fetch loses nothing and gives nothing twice', async () => {
  await ask('10.0.0.1');
  await rig.requests.allow(idOf('10.0.0.1'), { name: 'kitchen' });
  await rig.restart();
  expect(await ask('10.0.0.1')).toHaveLength(3);
  await rig.restart();
  expect(await ask('10.0.0.1')).toBe('request registered');
});

it('a denied one gets nothing, whatever address it has next', async () => {
  await ask('10.0.0.9');
  await rig.requests.deny(idOf('10.0.0.9'));
  expect(await ask('10.0.0.9')).toBe('');
  expect(rig.requests.list()).toEqual([]);
});

it('a person looks and allows, as the original pages do; nobody else does', async () => {
  await ask('10.0.0.1');
  const check = () => rig.fetch('10.0.0.5', '/emoncms/device/authcheck.json');
  expect((await check()).status).toBe(401);
  rig.state.person = true;
  expect(await (await check()).json()).toEqual({ success: true, ip: '10.0.0.1' });
  expect(rig.state.looks).toBe(1);
  const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
  const allowPath = '/emoncms/device/authallow.json?ip=10.0.0.1';
  expect((await rig.fetch('10.0.0.5', allowPath, foreign)).status).toBe(401);
  expect(await (await rig.fetch('10.0.0.5', allowPath)).json()).toMatchObject({ success: true });
  expect(await ask('10.0.0.1')).toHaveLength(3);
  expect(await (await rig.fetch('10.0.0.5', '/device/auth/check.json')).json()).toEqual({
    success: true,
    message: 'No authentication request registered',
  });
});

it('a flood from rotating addresses leaves it answering', async () => {
  for (let n = 0; n < 600; n += 1) await ask(`10.9.${n >> 8}.${n & 255}`);
  expect(rig.requests.list().length).toBe(200);
  expect(await ask('10.9.0.0')).toBe('request registered');
  expect(await ask('10.8.0.1')).toBe('too many devices ask; try again later');
});

it('one address that asks without pause is told to slow down', async () => {
  const statuses = new Set<number>();
  for (let n = 0; n < 60; n += 1) statuses.add((await rig.fetch('10.0.0.1', PATH)).status);
  expect([...statuses].sort((a, b) => a - b)).toEqual([200, 429]);
});

it('rubbish is refused', async () => {
  expect((await rig.fetch('10.0.0.1', PATH, { method: 'POST', body: 'x' })).status).toBe(405);
  expect((await rig.fetch('10.0.0.1', '/nothing')).status).toBe(404);
  expect((await rig.fetch('10.0.0.1', PATH, { method: 'POST', body: 'x'.repeat(10_000) })).status).toBe(413);
});
