import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EnergyMonitor, startEnergyMonitor } from './index.ts';

const NOW = Date.UTC(2026, 5, 21, 12, 0, 7);
const DAY = 86_400_000;
const keys = { read: 'r'.repeat(32), write: 'w'.repeat(32) };

let monitor: EnergyMonitor;
beforeEach(async () => {
  monitor = await startEnergyMonitor({ keys, now: () => NOW });
});
afterEach(() => monitor.close());

async function ask(path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${monitor.port}${path}`, init);
  expect(response.status).toBe(200);
  return response.json();
}
const read = (route: string, query = ''): Promise<unknown> =>
  ask(`/emoncms/${route}.json?apikey=${keys.read}${query}`);
const data = async (query: string): Promise<[number, number | null][]> =>
  (await read('feed/data', query)) as [number, number | null][];

describe('keys', () => {
  it('refuses without a key, with a wrong one, and writing with the read key', async () => {
    expect(await ask('/emoncms/feed/list.json')).toMatchObject({ success: false });
    expect(await ask('/emoncms/feed/list.json?apikey=x')).toEqual({
      success: false,
      message: 'Invalid API key',
    });
    expect(await read('input/post', '&fulljson={"a":1}')).toMatchObject({ success: false });
  });

  it('takes a key as a header too', async () => {
    const headers = { authorization: `Bearer ${keys.write}` };
    expect(await ask('/emoncms/feed/value.json?id=2', { headers })).toBeGreaterThan(0);
  });
});

describe('feeds', () => {
  it('lists them with numbers as strings', async () => {
    const list = (await read('feed/list')) as Record<string, unknown>[];
    expect(list.map((feed) => feed['name'])).toContain('battery_soc');
    expect(list[0]).toMatchObject({ id: '1', userid: '1', engine: '5', unit: 'W', time: NOW / 1000 - 7 });
    expect(list[0]?.['value']).toBeTypeOf('number');
  });

  it('gives last values in each form', async () => {
    const value = await read('feed/value', '&id=2');
    expect(await read('feed/timevalue', '&id=2')).toEqual({ time: NOW / 1000 - 7, value });
    expect(await read('feed/fetch', '&ids=2,99')).toEqual([value, false]);
    expect(await read('feed/getmeta', '&id=2')).toMatchObject({ interval: 10, start_time: 1_704_067_200 });
  });

  it('adds up: what the house uses is what panels, battery and grid give', async () => {
    const [use, solar, grid, battery] = (await read('feed/fetch', '&ids=1,2,3,4')) as number[];
    expect(Math.abs(use! - solar! - grid! - battery!)).toBeLessThanOrEqual(2);
  });

  it.each(['', '&id=99', '&id=1e1', '&id=-1', '&id=1%27'])('refuses id %j', async (query) => {
    expect(await read('feed/value', query)).toMatchObject({ success: false });
  });
});

describe('feed/data', () => {
  it('snaps the start down to a whole interval and includes the end', async () => {
    const start = NOW - DAY;
    const points = await data(`&id=1&start=${start}&end=${start + 3_600_000}&interval=600`);
    expect(points).toHaveLength(7);
    expect(points[0]?.[0]).toBe(start - 7000);
    expect(points.every(([, value]) => typeof value === 'number')).toBe(true);
  });

  it('has null before the first point and in the future, and leaves them out when asked', async () => {
    const query = `&id=1&start=${NOW - 60_000}&end=${NOW + 60_000}&interval=10`;
    const points = await data(query);
    expect(points.filter(([ms]) => ms > NOW).every(([, value]) => value === null)).toBe(true);
    expect((await data(`${query}&skipmissing=1`)).every(([ms]) => ms <= NOW)).toBe(true);
    expect((await data('&id=1&start=1000&end=2000000&interval=600'))[0]?.[1]).toBeNull();
  });

  it('is the same whenever it is asked, and dark at night', async () => {
    const query = `&id=2&start=${NOW - DAY}&end=${NOW}&interval=600`;
    const points = await data(query);
    expect(await data(query)).toEqual(points);
    expect(points.some(([, value]) => value === 0)).toBe(true);
    expect(Math.max(...points.map(([, value]) => value ?? 0))).toBeGreaterThan(500);
  });

  it('never gives points closer than the feed has them, unless told', async () => {
    const query = `&id=1&start=${NOW - 60_000}&end=${NOW}&interval=1`;
    expect((await data(query)).length).toBe(7);
    expect((await data(`${query}&limitinterval=0`)).length).toBe(61);
  });

  it.each([
    ['too many points', '&start=0&end=9000000000&interval=10', /limit reached \(8928\)/],
    ['the end first', '&start=2&end=1&interval=10', /before start/],
    ['no interval', '&start=1&end=2', /interval/],
    ['zero interval', '&start=1&end=2&interval=0', /interval/],
    ['words', '&start=a&end=b&interval=10', /times in milliseconds/],
  ])('refuses %s', async (_name, query, message) => {
    expect(await read('feed/data', `&id=1${query}`)).toMatchObject({
      success: false,
      message: expect.stringMatching(message),
    });
  });
});

describe('inputs', () => {
  it('lists what was posted with the write key', async () => {
    const body = new URLSearchParams({ node: 'shed', fulljson: '{"door":1}', apikey: keys.write });
    expect(await ask('/emoncms/input/post.json', { method: 'POST', body })).toBe('ok');
    expect(await read('input/list')).toContainEqual(
      expect.objectContaining({ nodeid: 'shed', name: 'door', value: 1, time: Math.floor(NOW / 1000) }),
    );
  });

  it.each(['x', '[1]', '{"a":"b"}', '{"a b":1}', 'null'])('refuses %s', async (json) => {
    const query = new URLSearchParams({ apikey: keys.write, fulljson: json });
    expect(await ask(`/emoncms/input/post?${query}`)).toMatchObject({ success: false });
  });

  it('refuses a body without end', async () => {
    const body = 'a'.repeat(70_000);
    expect(await ask('/emoncms/input/post.json', { method: 'POST', body })).toMatchObject({ success: false });
  });
});

describe('page', () => {
  it('is served with its parts, all links relative', async () => {
    const page = await fetch(`http://127.0.0.1:${monitor.port}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    const links = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links).toContain('page.js');
    for (const link of links.filter((each) => !each.startsWith('data:'))) {
      expect(link).not.toMatch(/^[/h]/);
      expect((await fetch(`http://127.0.0.1:${monitor.port}/${link}`)).status).toBe(200);
    }
  });

  it('has nothing else', async () => {
    for (const path of ['/x', '/..%2fpackage.json', '/constructor']) {
      expect((await fetch(`http://127.0.0.1:${monitor.port}${path}`)).status).toBe(404);
    }
  });
});
