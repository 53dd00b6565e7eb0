import { type BaseStationMessage, baseStationMessage } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { beforeEach, expect, test } from 'vitest';
import { ConfigError } from '../../config/index.ts';
import type { Logger } from '../../log/index.ts';
import type { LanDevice } from '../devices/index.ts';
import type { Input } from '../inputs/index.ts';
import type { LanRequest } from '../requests/index.ts';
import { followStation } from './follow-station.ts';
import type { Refusal, Station } from './ports.ts';
import { RelaySide } from './relay-side.ts';

const waiting: LanRequest = {
  ...{ id: 'r1', asker: 'key x', way: 'porchlight', name: 'sensor', address: '10.0.0.9', mac: undefined },
  ...{ code: '123-456', firstAskedAt: 1, askedAt: 2, times: 3, state: 'waiting' },
};
const device: LanDevice = {
  ...{ id: 'd1', name: 'kitchen', way: 'porchlight', address: '10.0.0.9', username: 'kitchen' },
  ...{ passwordHash: 'secret-hash', key: 'secret-key', node: 'kitchen', allowedAt: 5 },
};

let clock: FakeClock;
let requests: LanRequest[];
let devices: LanDevice[];
let inputs: Input[];
let settings: Station['settings'];
let refusal: Refusal | undefined;
let done: string[];
let audited: unknown[];
let fails: Error | undefined;
let said: BaseStationMessage[];
let side: RelaySide;

const station: Station = {
  requests: { list: () => requests, waiting: (id) => requests.find((one) => one.id === id) },
  inputs: { list: () => inputs },
  devices: () => devices,
  get settings() {
    return settings;
  },
  async allow(id, { name, by }) {
    if (fails !== undefined) throw fails;
    done.push(`allow ${id} ${name} ${by}`);
    requests = [];
  },
  async deny(id, by) {
    done.push(`deny ${id} ${by}`);
    requests = [];
  },
};
const parts = () => ({
  refuses: () => refusal,
  audit: { event: (...entry: unknown[]) => void audited.push(entry) },
  clock,
  logger: { warn: () => undefined, error: () => undefined } as unknown as Logger,
});

beforeEach(() => {
  clock = new FakeClock();
  requests = [waiting];
  devices = [device];
  inputs = [];
  settings = { remoteAllow: true, passOn: false, baseTopic: 'emon' };
  [refusal, fails] = [undefined, undefined];
  [done, audited, said] = [[], [], []];
  side = new RelaySide({ ...parts(), station });
});

function open() {
  return side.open((message) => void said.push(baseStationMessage.parse(message)));
}

const take = () => said.splice(0);
const input = (topic: string, value: string): Input => ({
  ...{ topic, value, device: 'd1', at: clock.now(), history: [], interval: undefined, silent: false },
});

async function answered(
  wish: Partial<{ id: string; answer: 'allow' | 'deny'; name: string; code: string }> = {},
) {
  const channel = open();
  take();
  channel.hear({ type: 'lan-answer', n: 7, id: 'r1', answer: 'allow', code: '123-456', by: 'ada', ...wish });
  for (let turn = 0; said.length === 0 && turn < 20; turn += 1) await Promise.resolve();
  return take()[0];
}

test('the relay hears who asks and who is in, first of all, without a key or a password', () => {
  open();
  const { asker: _asker, mac: _mac, ...shown } = waiting;
  const { id, name, way, address, node, allowedAt } = device;
  expect(said).toEqual([
    { type: 'lan-requests', remoteAllow: true, requests: [shown], more: 0 },
    {
      type: 'lan-devices',
      devices: [{ id, name, way, address, node, allowedAt, silent: false }],
      more: 0,
    },
  ]);
  expect(JSON.stringify(said)).not.toContain('secret');
});

test('changes are told, a second apart; times alone once a minute; the end ends it', async () => {
  const channel = open();
  take();
  requests = [];
  for (let n = 0; n < 10; n += 1) side.changed();
  await clock.advance(1_000);
  expect(take()).toEqual([{ type: 'lan-requests', remoteAllow: true, requests: [], more: 0 }]);
  requests = [waiting];
  side.changed();
  await clock.advance(1_000);
  expect(take()).toHaveLength(1);
  requests = [{ ...waiting, askedAt: 9, times: 4 }];
  await clock.advance(40_000);
  expect(take()).toEqual([]);
  await clock.advance(40_000);
  expect(take()).toMatchObject([{ type: 'lan-requests', requests: [{ times: 4 }] }]);
  channel.close();
  requests = [];
  side.changed();
  await clock.advance(100_000);
  expect(said).toEqual([]);
});

test('long lists are cut and counted; the revoked are not listed', () => {
  requests = Array.from({ length: 60 }, (_, n) => ({ ...waiting, id: `r${n}`, name: 'x'.repeat(300) }));
  devices = [
    { ...device, revokedAt: 9 },
    ...Array.from({ length: 300 }, (_, n) => ({ ...device, id: `d${n}` })),
  ];
  open();
  expect(said).toMatchObject([
    { type: 'lan-requests', more: 10 },
    { type: 'lan-devices', more: 100 },
  ]);
});

test('the person is named to the base station, with the name they chose', async () => {
  expect(await answered({ name: 'attic' })).toEqual({ type: 'lan-answered', n: 7, ok: true });
  expect(done).toEqual(['allow r1 attic ada, through the relay']);
  requests = [waiting];
  expect(await answered({ answer: 'deny' })).toMatchObject({ ok: true });
  expect(done[1]).toBe('deny r1 ada, through the relay');
});

test.each([
  ['another code', { code: '000-000' }, 'code'],
  ['no such request', { id: 'r2' }, 'gone'],
] as const)('%s: refused, and nothing is done', async (_what, wish, why) => {
  expect(await answered(wish)).toMatchObject({ ok: false, refusal: why });
  expect(done).toEqual([]);
  expect(audited).toHaveLength(1);
});

test('without a code where there is one: refused', async () => {
  const channel = open();
  take();
  channel.hear({ type: 'lan-answer', n: 1, id: 'r1', answer: 'allow', by: 'ada' });
  for (let turn = 0; said.length === 0 && turn < 20; turn += 1) await Promise.resolve();
  expect(said).toMatchObject([{ ok: false, refusal: 'code' }]);
  expect(done).toEqual([]);
});

test('switched off, or paused: refused, and the audit names the person', async () => {
  settings = { ...settings, remoteAllow: false };
  expect(await answered()).toMatchObject({ ok: false, refusal: 'off' });
  settings = { ...settings, remoteAllow: true };
  refusal = { refusal: 'paused', reason: 'paused' };
  expect(await answered()).toMatchObject({ ok: false, refusal: 'paused' });
  expect(done).toEqual([]);
  expect(audited).toMatchObject([
    [expect.any(String), { by: 'ada' }],
    [expect.any(String), { by: 'ada' }],
  ]);
});

test('what the base station cannot do is told in its words; a fault is not', async () => {
  fails = new ConfigError('the disk is full');
  expect(await answered()).toMatchObject({ ok: false, refusal: 'failed', reason: 'the disk is full' });
  fails = new Error('secret path');
  expect(JSON.stringify(await answered())).not.toContain('secret');
});

test('of two answers to one request the first counts', async () => {
  const channel = open();
  take();
  const answer = { type: 'lan-answer', id: 'r1', answer: 'allow', code: '123-456', by: 'ada' } as const;
  channel.hear({ ...answer, n: 1 });
  channel.hear({ ...answer, n: 2, answer: 'deny' });
  for (let turn = 0; said.length < 2 && turn < 30; turn += 1) await Promise.resolve();
  expect(said).toMatchObject([
    { n: 1, ok: true },
    { n: 2, ok: false, refusal: 'gone' },
  ]);
  expect(done).toHaveLength(1);
});

test('values are passed on only if that is switched on, and only new ones', async () => {
  open();
  take();
  await clock.advance(5_000);
  inputs = [input('emon/kitchen/power', '12')];
  await clock.advance(60_000);
  expect(take().filter(({ type }) => type === 'readings')).toEqual([]);

  settings = { ...settings, passOn: true };
  open();
  await clock.advance(5_000);
  inputs = [input('emon/kitchen/power', '13'), input('other/kitchen/power', '14')];
  await clock.advance(120_000);
  const passed = take().filter(({ type }) => type === 'readings');
  expect(passed).toEqual([{ type: 'readings', values: [{ name: 'kitchen/power', value: '13' }] }]);
});

test('the link speaks for the base station that is open', () => {
  let tell = (): void => undefined;
  const stations = {
    station: undefined as Station | undefined,
    watch: (call: () => void) => ((tell = call), () => undefined),
  };
  const spoken: unknown[] = [];
  const stop = followStation(stations, (one) => void spoken.push(one), parts());
  expect(spoken).toEqual([]);
  stations.station = station;
  tell();
  tell();
  expect(spoken).toEqual([expect.any(RelaySide)]);
  stations.station = undefined;
  tell();
  expect(spoken[1]).toBeUndefined();
  stop();
});

test('what the devices say is told when it is asked for: few points, and names instead of ids', () => {
  const channel = open();
  take();
  const history = Array.from({ length: 100 }, (_, n) => ({ at: n * 10, value: n / 3 }));
  inputs = [
    { ...input('emon/kitchen/power', '33'), history },
    { ...input('emon/other', 'x'.repeat(100)), device: 'gone' },
    ...Array.from({ length: 120 }, (_, n) => input(`emon/n${n}`, '1')),
  ];
  channel.hear({ type: 'inputs-ask', n: 4 });
  const [answer] = take();
  if (answer?.type !== 'inputs') throw new Error('no answer');
  expect([answer.n, answer.inputs.length, answer.more]).toEqual([4, 100, 22]);
  const [power, other] = answer.inputs;
  expect(power).toMatchObject({ topic: 'emon/kitchen/power', device: 'kitchen', value: '33', silent: false });
  expect(power?.history.length).toBe(24);
  expect([power?.history[0], power?.history.at(-1)]).toEqual([
    [0, 0],
    [990, 33],
  ]);
  expect([other?.device, other?.value.length]).toEqual([undefined, 80]);
});
