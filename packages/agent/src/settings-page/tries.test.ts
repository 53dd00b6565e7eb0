import type { IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressOf, Tries } from './tries.ts';

let now = 0;
let tries: Tries;
beforeEach(() => {
  now = 0;
  tries = new Tries(() => now);
});

const takeAll = (address: string): number => {
  let taken = 0;
  while (tries.take(address) === 0) taken += 1;
  return taken;
};

describe('tries at the door', () => {
  it('come back one after the other, up to the first number', () => {
    expect(takeAll('192.168.1.5')).toBe(5);
    now = 5_000;
    expect(tries.take('192.168.1.5')).toBe(1_000);
    now = 12_000;
    expect(takeAll('192.168.1.5')).toBe(2);
    now = 3600_000;
    expect(takeAll('192.168.1.5')).toBe(5);
  });

  it('a guesser with many addresses comes to an end, and the device itself is let in all the same', () => {
    let taken = 0;
    for (let n = 0; n < 5_000; n += 1) taken += takeAll(`fd00::${n.toString(16)}`);
    expect(taken).toBe(20);
    expect(tries.take('192.168.1.2')).toBe(2_000);
    expect(takeAll('127.0.0.1')).toBe(5);
    expect(takeAll('::1')).toBe(5);
    now = 86_400_000;
    taken = 0;
    for (let n = 0; n < 5_000; n += 1) taken += takeAll(`fd00::${n.toString(16)}`);
    expect(taken).toBe(20);
  });

  it('being right costs nothing', () => {
    for (let n = 0; n < 100; n += 1) {
      expect(tries.take('192.168.1.5')).toBe(0);
      tries.giveBack('192.168.1.5');
    }
    expect(takeAll('192.168.1.5')).toBe(5);
  });

  it.each([
    ['::ffff:192.168.1.5', '192.168.1.5'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    [undefined, ''],
  ])('are counted for %s as %s', (remoteAddress, address) => {
    expect(addressOf({ socket: { remoteAddress } } as IncomingMessage)).toBe(address);
  });
});
