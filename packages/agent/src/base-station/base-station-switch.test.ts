import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentConfigFile } from '../config/index.ts';
import { BaseStationSwitch } from './index.ts';

const ANYWHERE = { http: '127.0.0.1:0', mqtt: '127.0.0.1:0', mqtts: '127.0.0.1:0' };

let folder: string;
let clock: FakeClock;
let baseStation: BaseStationSwitch;
let audited: string[];
const file = () => new AgentConfigFile(folder);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-switch-'));
  clock = new FakeClock();
  audited = [];
  const silent = () => undefined;
  baseStation = new BaseStationSwitch({
    ...{ dataFolder: folder, clock, isPerson: async () => false },
    logger: { info: silent, warn: silent, error: silent, debug: silent },
    audit: (event, detail) =>
      void audited.push(`${event} ${detail['device'] ?? detail['user'] ?? ''}`.trim()),
  });
});
afterEach(async () => {
  await baseStation.close();
  await rm(folder, { recursive: true });
});

it('opens and closes as the configuration says', async () => {
  await expect(baseStation.answer({ do: 'show' })).rejects.toThrow(/base-station on/);
  let changes = 0;
  baseStation.watch(() => {
    changes += 1;
  });
  await baseStation.configure(await file().setBaseStation(ANYWHERE));
  const { view } = await baseStation.answer({ do: 'show' });
  expect(Object.values(view.ports).every((port) => (port ?? 0) > 0)).toBe(true);
  const before = baseStation.station;
  await baseStation.configure(await file().read());
  expect(baseStation.station).toBe(before);
  await baseStation.configure(await file().setBaseStation({ emonesp: false }));
  expect((await baseStation.answer({ do: 'show' })).view.emonesp).toBe(false);
  await baseStation.configure(await file().setBaseStation(undefined));
  expect([baseStation.station, baseStation.problem]).toEqual([undefined, undefined]);
  expect(changes).toBeGreaterThanOrEqual(3);
});

it('a port that another program has is told, and tried again', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  await baseStation.configure(await file().setBaseStation({ ...ANYWHERE, mqtt: `127.0.0.1:${port}` }));
  expect(baseStation.problem).toMatch(/another program has that port.*baseStation\.mqtt/);
  await expect(baseStation.answer({ do: 'show' })).rejects.toThrow(/another program/);
  await new Promise((resolve) => other.close(resolve));
  await clock.advance(30_000);
  expect((await baseStation.answer({ do: 'show' })).view.ports.mqtt).toBe(port);
});

it('does what the command line asks, by id or by a name that is one alone', async () => {
  await baseStation.configure(await file().setBaseStation(ANYWHERE));
  const ask = (address: string) =>
    fetch(`http://127.0.0.1:${baseStation.station?.ports.http}/emoncms/device/auth/request.json`, {
      headers: { 'x-forwarded-for': address },
    }).then((answer) => answer.text());
  for (const address of ['10.0.0.5', '10.0.0.6']) expect(await ask(address)).toBe('request registered');
  await expect(baseStation.answer({ do: 'allow', id: 'nobody' })).rejects.toThrow(/no device that asks/);
  await baseStation.answer({ do: 'allow', id: 'esp-10-0-0-5', name: 'kitchen' });
  expect(await ask('10.0.0.5')).toMatch(/^kitchen:/);
  const denied = await baseStation.answer({ do: 'deny', id: 'esp-10-0-0-6' });
  expect(denied.view.denied).toMatchObject([{ name: 'esp-10-0-0-6' }]);
  await baseStation.answer({ do: 'forget', id: denied.view.denied[0]?.id ?? '' });
  expect(await ask('10.0.0.6')).toBe('request registered');

  const { credentials, view } = await baseStation.answer({ do: 'rotate', id: 'kitchen' });
  expect(credentials).toMatchObject({ username: 'kitchen' });
  expect(JSON.stringify(view)).not.toMatch(/hash|salt|\$7\$/i);
  await baseStation.answer({ do: 'revoke', id: 'kitchen' });
  await expect(baseStation.answer({ do: 'rotate', id: 'kitchen' })).rejects.toThrow(/taken back/);
  await expect(
    baseStation.answer({ do: 'put-user', name: 'hub', access: 'read', password: 'short' }),
  ).rejects.toThrow(/12 to/);
  await baseStation.answer({ do: 'put-user', name: 'hub', access: 'read', password: 'long enough now' });
  expect(audited).toEqual([
    'WiFi device allowed esp-10-0-0-5',
    'WiFi device denied esp-10-0-0-6',
    'WiFi device got another password kitchen',
    'WiFi device revoked kitchen',
    'base station user set hub',
  ]);
});

it('5 000 that ask from ever other addresses leave a bounded table, and a person can still answer', async () => {
  await baseStation.configure(await file().setBaseStation(ANYWHERE));
  const { requests } = baseStation.station ?? {};
  const own = {
    asker: 'address 10.9.9.9',
    way: 'emonesp',
    name: 'mine',
    mac: undefined,
    code: undefined,
  } as const;
  requests?.ask({ ...own, address: '10.9.9.9' });
  for (let n = 0; n < 5_000; n += 1) {
    const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    requests?.ask({ ...own, asker: `address ${address}`, name: `esp-${n}`, address });
  }
  const { view } = await baseStation.answer({ do: 'show' });
  expect(view.requests).toHaveLength(200);
  await baseStation.answer({ do: 'allow', id: 'mine' });
  expect(requests?.list().find(({ name }) => name === 'mine')?.state).toBe('allowed');
});
