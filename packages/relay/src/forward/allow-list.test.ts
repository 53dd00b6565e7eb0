import { PorchlightError } from '@porchlight/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllowList } from './allow-list.ts';

describe('an allow list', () => {
  it('has what is in its blocks; an empty one has everybody', () => {
    const list = parseAllowList(['203.0.113.0/24', ' 198.51.100.7', '2001:db8::/32']);
    expect(list.blocks).toEqual(['203.0.113.0/24', '198.51.100.7', '2001:db8::/32']);
    for (const address of ['203.0.113.255', '198.51.100.7', '2001:db8:1::1', '::ffff:203.0.113.9']) {
      expect([address, list.has(address)]).toEqual([address, true]);
    }
    for (const address of [
      '203.0.114.0',
      '198.51.100.8',
      '2001:db9::',
      '::ffff:8.8.8.8',
      '',
      undefined,
      'x',
    ]) {
      expect([address, list.has(address)]).toEqual([address, false]);
    }
    expect(parseAllowList([]).has(undefined)).toBe(true);
    expect(parseAllowList(['0.0.0.0/0']).has('2001:db8::1')).toBe(false);
  });

  it.each([
    ...[
      '',
      'nobody',
      '1.2.3',
      '1.2.3.4/33',
      '1.2.3.4/-1',
      '1.2.3.4/',
      '1.2.3.4/08',
      '1.2.3.4/8/8',
      '01.2.3.4',
    ],
    ...[
      '::1/129',
      'fe80::1%eth0',
      '::ffff:1.2.3.4',
      '10.0.0.0 /8',
      '1.2.3.4/ 8',
      'constructor',
      '1.2.3.4\n/8',
    ],
  ])('%j is no block', (entry) => {
    expect(() => parseAllowList([entry])).toThrow(PorchlightError);
  });

  it('reads what it is given as the number of bits says, and throws nothing but its own error', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const numberOf = (of: readonly number[]) => of.reduce((sum, octet) => sum * 256 + octet, 0);
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (block, asked, bits) => {
        const list = parseAllowList([`${block.join('.')}/${bits}`]);
        const size = 2 ** (32 - bits);
        const inside = Math.floor(numberOf(block) / size) === Math.floor(numberOf(asked) / size);
        expect(list.has(asked.join('.'))).toBe(inside);
        expect(list.has(`::ffff:${asked.join('.')}`)).toBe(inside);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:./]*$/)), (entry) => {
        try {
          parseAllowList([entry]).has(entry);
        } catch (error) {
          expect(error).toBeInstanceOf(PorchlightError);
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
