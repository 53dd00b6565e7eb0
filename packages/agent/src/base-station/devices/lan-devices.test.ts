import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LanDevice, LanDevices } from './index.ts';

let folder: string;
let heard: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-lan-'));
  heard = [];
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => LanDevices.open(folder, (device: LanDevice) => void heard.push(device.name));
const wish = (name: string, more: Partial<LanDevice> = {}) => ({
  ...{ name, way: 'emonesp' as const, address: '192.168.1.9', key: undefined, mac: undefined },
  ...{ node: undefined, at: 7 },
  ...more,
});

it('each device has credentials of its own, which work after a restart, and the file has no password', async () => {
  const devices = await open();
  const [one, two] = [await devices.add(wish('Sensor Küche')), await devices.add(wish('Sensor Küche'))];
  expect([one.device.name, two.device.name]).toEqual(['sensor-k-che', 'sensor-k-che-2']);
  expect(one.password).toMatch(/^[\w-]{24}$/);
  const again = await open();
  expect(again.signIn(one.device.username, one.password)?.id).toBe(one.device.id);
  expect(again.signIn(two.device.username, one.password)).toBeUndefined();
  expect(again.signIn('nobody', one.password)).toBeUndefined();
  expect(again.signIn('nobody', '')).toBeUndefined();
  const file = join(folder, 'lan-devices.json');
  expect(await readFile(file, 'utf8')).not.toContain(one.password);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('rotated or revoked, the old password stops working', async () => {
  const devices = await open();
  const { device, password } = await devices.add(wish('a'));
  const rotated = await devices.rotate(device.id);
  expect(devices.signIn(device.username, password)).toBeUndefined();
  expect(devices.signIn(device.username, rotated?.password ?? '')?.id).toBe(device.id);
  await devices.revoke(device.id, 9);
  expect(devices.signIn(device.username, rotated?.password ?? '')).toBeUndefined();
  expect(await devices.rotate('gone')).toBeUndefined();
  expect(heard).toEqual(['a', 'a', 'a']);
});

it('the first message claims a node, which is nobody else’s from then on', async () => {
  const devices = await open();
  const [{ device: a }, { device: b }] = [await devices.add(wish('a')), await devices.add(wish('b'))];
  expect(await devices.claimNode(a.id, 'kitchen')).toBe(true);
  expect(await devices.claimNode(a.id, 'kitchen')).toBe(true);
  expect(await devices.claimNode(a.id, 'other')).toBe(false);
  expect(await devices.claimNode(b.id, 'kitchen')).toBe(false);
  for (const node of ['', '+', '#', 'a/b', '../x', 'a:b', 'x'.repeat(64)]) {
    expect(await devices.claimNode(b.id, node), node).toBe(false);
  }
  expect(await devices.claimFreeNode(b.id, 'kitchen')).toBe('kitchen-2');
  const { device: c } = await devices.add(wish('c'));
  await devices.revoke(a.id, 1);
  expect(await devices.claimNode(c.id, 'kitchen')).toBe(true);
  // Two at the same moment: one of them has it.
  const both = [await devices.add(wish('d')), await devices.add(wish('e'))];
  const claims = await Promise.all(both.map(({ device }) => devices.claimNode(device.id, 'attic')));
  expect(claims).toEqual([true, false]);
});

it('a device that is let in anew takes the place of what it was', async () => {
  const devices = await open();
  const first = await devices.add(wish('a', { key: 'K' }));
  const second = await devices.add(wish('a', { key: 'K' }));
  expect(devices.list().map(({ id }) => id)).toEqual([second.device.id]);
  expect(devices.signIn('a', first.password)).toBeUndefined();
  expect(devices.byKey('K')?.id).toBe(second.device.id);
});

it('a damaged file is said, and left alone', async () => {
  await writeFile(join(folder, 'lan-devices.json'), '{"devices":[{}]}');
  await expect(open()).rejects.toThrow(/lan-devices\.json is damaged/);
  expect(await readFile(join(folder, 'lan-devices.json'), 'utf8')).toBe('{"devices":[{}]}');
});

it('changes that come together are all there in the end', async () => {
  const devices = await open();
  await Promise.all(Array.from({ length: 20 }, (_, n) => devices.add(wish(`d${n}`))));
  expect((await open()).list()).toHaveLength(20);
});
