import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { hardwareAddressOf, parseNeighbours } from './neighbours.ts';

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.9      0x1         0x2         AA:BB:CC:00:11:22     *        wlan0
192.168.1.8      0x1         0x0         aa:bb:cc:00:11:33     *        wlan0
192.168.1.7      0x1         0x2         00:00:00:00:00:00     *        wlan0
`;

it('knows the hardware addresses that the system has completed', () => {
  expect([...parseNeighbours(TABLE)]).toEqual([['192.168.1.9', 'aa:bb:cc:00:11:22']]);
});

it('knows nothing where there is no such table, and reads any text', async () => {
  expect(await hardwareAddressOf('192.168.1.9', '/nonexistent')).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parseNeighbours(text)));
});
