import type { networkInterfaces } from 'node:os';
import { FakeClock } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { broadcastOf, interfacesOf, LanInterfaces } from './interfaces.ts';

type System = ReturnType<typeof networkInterfaces>;

const lo = [
  {
    address: '127.0.0.1',
    netmask: '255.0.0.0',
    family: 'IPv4',
    mac: '',
    internal: true,
    cidr: '127.0.0.1/8',
  },
] as const;
const eth0 = [
  { address: '192.168.1.20', netmask: '', family: 'IPv4', mac: '', internal: false, cidr: '192.168.1.20/24' },
  {
    address: 'fe80::20',
    netmask: '',
    family: 'IPv6',
    mac: '',
    internal: false,
    cidr: 'fe80::20/64',
    scopeid: 2,
  },
] as const;

it('knows broadcast addresses', () => {
  expect(broadcastOf('192.168.1.20', '192.168.1.20/24')).toBe('192.168.1.255');
  expect(broadcastOf('10.1.2.3', '10.1.2.3/8')).toBe('10.255.255.255');
  expect(broadcastOf('172.16.5.130', '172.16.5.130/25')).toBe('172.16.5.255');
  expect(broadcastOf('10.0.0.1', '10.0.0.1/31')).toBeUndefined();
  expect(broadcastOf('10.0.0.1', null)).toBeUndefined();
});

it('leaves loopback out, and knows who is on the network', () => {
  const [only, ...others] = interfacesOf({ lo: [...lo], eth0: [...eth0] });
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    name: 'eth0',
    ipv4: [{ address: '192.168.1.20', broadcast: '192.168.1.255' }],
    ipv6: ['fe80::20'],
  });
  expect(only?.holds('192.168.1.99')).toBe(true);
  expect(only?.holds('192.168.2.99')).toBe(false);
  expect(only?.holds('fe80::99%eth0')).toBe(true);
  expect(only?.holds('fe80::99%wlan0')).toBe(false);
  expect(only?.holds('no address')).toBe(false);
});

it('notices interfaces that come and go, and addresses that change', async () => {
  const clock = new FakeClock();
  let system: System = { lo: [...lo] };
  let changes = 0;
  const watched = new LanInterfaces(
    clock,
    () => (changes += 1),
    () => system,
  );
  expect(watched.list).toEqual([]);
  system = { lo: [...lo], eth0: [...eth0] };
  await clock.advance(2_000);
  expect(watched.list.map(({ name }) => name)).toEqual(['eth0']);
  expect(watched.isOwn('192.168.1.20')).toBe(true);
  expect(watched.isOwn('fe80::20%eth0')).toBe(true);
  expect(watched.isOwn('192.168.1.21')).toBe(false);
  await clock.advance(10_000);
  expect(changes).toBe(1);
  system = { eth0: [{ ...eth0[0], address: '192.168.1.21', cidr: '192.168.1.21/24' }] };
  expect(watched.isOwn('192.168.1.21')).toBe(true);
  expect(changes).toBe(2);
  system = {};
  await clock.advance(2_000);
  expect(watched.list).toEqual([]);
  expect(changes).toBe(3);
  watched.close();
  expect(clock.waiting).toBe(0);
});
