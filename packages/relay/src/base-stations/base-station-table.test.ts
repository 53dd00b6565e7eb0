import type { BaseStationRequest, LanRequest } from '@porchlight/protocol';
import { FakeClock } from '@porchlight/testkit';
import { beforeEach, expect, test } from 'vitest';
import type { NewAuditEntry } from '../audit/index.ts';
import { createEventBus, type RelayEvent } from '../events.ts';
import { BaseStationTable } from './base-station-table.ts';

const request: LanRequest = {
  ...{ id: 'r1', way: 'porchlight', name: 'sensor', address: '10.0.0.9', code: '123456' },
  ...{ firstAskedAt: 1, askedAt: 2, times: 3, state: 'waiting' },
};
const owner = { deviceId: 'd1', accountId: 'a1', deviceName: 'attic' };
const by = { accountName: 'ada', address: '192.0.2.1' };

let clock: FakeClock;
let audited: NewAuditEntry[];
let told: RelayEvent[];
let noted: [string, [string, string][]][];
let said: BaseStationRequest[];
let table: BaseStationTable;

beforeEach(() => {
  clock = new FakeClock();
  audited = [];
  told = [];
  noted = [];
  said = [];
  const events = createEventBus((error) => {
    throw error;
  });
  events.subscribe((event) => void told.push(event));
  table = new BaseStationTable({
    ...{ events, clock, audit: { append: (entry) => void audited.push(entry) } },
    readings: { note: ({ id }, values) => void noted.push([id, [...values]]) },
  });
});

function open(requests: LanRequest[] = [request]) {
  const station = table.open(owner, (message) => void said.push(message));
  station.hear({ type: 'lan-requests', remoteAllow: true, requests, more: 2 });
  return station;
}

const allow = () =>
  table.answer('d1', { requestId: 'r1', answer: 'allow', code: '123456', name: 'kitchen', by });

test('an answer goes to the base station with the person, and counts when it says so', async () => {
  const station = open();
  const done = allow();
  const [{ n } = { n: 0 }] = said;
  const wish = { id: 'r1', answer: 'allow', code: '123456', name: 'kitchen', by: 'ada' };
  expect(said).toEqual([{ type: 'lan-answer', n, ...wish }]);
  expect(audited).toEqual([]);
  station.hear({ type: 'lan-answered', n, ok: true });
  await done;
  // At once, so that nobody answers it again before the base station has told its list.
  expect(table.get('d1')?.requests.items).toMatchObject([{ id: 'r1', state: 'allowed' }]);
  const action = 'lan-request.allowed';
  expect(audited).toMatchObject([
    { accountId: 'a1', actor: 'ada', action, deviceId: 'd1', target: 'kitchen' },
  ]);
});

test.each([
  ['gone', 'not_found'],
  ['code', 'conflict'],
  ['off', 'denied_by_device'],
  ['paused', 'device_paused'],
  ['name', 'bad_request'],
  ['failed', 'bad_answer'],
] as const)(
  'a base station that refuses (%s) is told as %s, and nothing is audited',
  async (refusal, code) => {
    const station = open();
    const done = allow();
    station.hear({ type: 'lan-answered', n: said[0]?.n ?? 0, ok: false, refusal, reason: 'as it says' });
    await expect(done).rejects.toMatchObject({ code, message: 'as it says' });
    expect(audited).toEqual([]);
  },
);

test('without an answer, a base station, or the request there is an error, and nothing waits on', async () => {
  await expect(allow()).rejects.toMatchObject({ code: 'device_offline' });
  const station = open([]);
  await expect(allow()).rejects.toMatchObject({ code: 'not_found' });
  expect(said).toEqual([]);
  station.hear({ type: 'lan-requests', remoteAllow: true, requests: [request], more: 0 });
  const late = allow();
  const timedOut = expect(late).rejects.toMatchObject({ code: 'device_timeout' });
  await clock.advance(10_000);
  await timedOut;
  station.hear({ type: 'lan-answered', n: said[0]?.n ?? 0, ok: true });
  const cut = allow();
  station.close();
  await expect(cut).rejects.toMatchObject({ code: 'device_offline' });
  expect([table.get('d1'), audited]).toEqual([undefined, []]);
});

test('a request that was allowed already cannot be answered again', async () => {
  open([{ ...request, state: 'allowed' }]);
  await expect(allow()).rejects.toMatchObject({ code: 'not_found' });
});

test('answers that wait are bounded', async () => {
  const station = open();
  const waiting = Array.from({ length: 20 }, () => allow());
  await expect(allow()).rejects.toMatchObject({ code: 'busy' });
  station.close();
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'device_offline' });
});

test('a new channel of the device takes the place of the old one, which is not heard any more', async () => {
  const old = open();
  const cut = allow();
  open([]);
  await expect(cut).rejects.toMatchObject({ code: 'device_offline' });
  old.hear({ type: 'lan-requests', remoteAllow: true, requests: [request], more: 0 });
  old.close();
  expect(table.get('d1')?.requests).toEqual({ items: [], more: 2 });
  expect(table.ofAccount('a1')).toHaveLength(1);
  expect(table.ofAccount('a2')).toEqual([]);
});

test('changes are told, and values are kept as readings of the base station', async () => {
  const station = open();
  station.hear({ type: 'lan-devices', devices: [], more: 0 });
  station.hear({ type: 'readings', values: [{ name: 'kitchen/power', value: '12' }] });
  station.close();
  await Promise.resolve();
  expect(told.map(({ type }) => type)).toEqual([
    ...['lan-requests-changed', 'lan-devices-changed'],
    ...['lan-requests-changed', 'lan-devices-changed'],
  ]);
  expect(noted).toEqual([['d1', [['kitchen/power', '12']]]]);
});

test('several who look at the values at once ask once; an answer of another kind is none', async () => {
  expect(await table.inputs('d1')).toBeUndefined();
  const station = open();
  const inputs = [{ topic: 'emon/kitchen/power', value: '7', at: 5, silent: false, history: [] }];
  const both = Promise.all([table.inputs('d1'), table.inputs('d1')]);
  expect(said).toEqual([{ type: 'inputs-ask', n: 1 }]);
  station.hear({ type: 'inputs', n: 1, inputs, more: 2 });
  expect(await both).toEqual([
    { inputs, more: 2 },
    { inputs, more: 2 },
  ]);
  await clock.advance(2_000);
  const late = table.inputs('d1');
  station.hear({ type: 'lan-answered', n: 2, ok: true });
  await expect(late).rejects.toMatchObject({ code: 'bad_answer' });
});

test('a base station that does not tell its values in time, or goes, is said to', async () => {
  const station = open();
  const silent = expect(table.inputs('d1')).rejects.toMatchObject({ code: 'device_timeout' });
  await clock.advance(10_000);
  await silent;
  const gone = expect(table.inputs('d1')).rejects.toMatchObject({ code: 'device_offline' });
  station.close();
  await gone;
});
