import { BlockList } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForbiddenAddress } from './forbidden-address.ts';

const BOX = { numRuns: 20_000, interruptAfterTimeLimit: 2_000 };

describe('isForbiddenAddress', () => {
  const forbidden =
    '0.0.0.0 0.1.2.3 169.254.0.1 169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192 224.0.0.1 239.1.1.1 ' +
    '255.255.255.255 0251.0376.0251.0376 0xa9.0xfe.0xa9.0xfe 0xa9fea9fe 2852039166 025177524776 169.254.43518 ' +
    '169.16689662 169.254.169.254. 0 0x0 0x :: 0:0:0:0:0:0:0:0 fe80::1 fe80::1%eth0 febf::1 ff02::1 fd00:ec2::254 ' +
    'FD00:0EC2:0:0:0:0:0:0254 fd20:ce::254 [fe80::1] ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::169.254.169.254 ' +
    '::ffff:0.0.0.0 ::ffff:0:a9fe:a9fe 64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe 2002:a9fe:a9fe::1 ' +
    '2001:0:4136:e378:8000:63bf:5601:5601 fd00::5efe:a9fe:a9fe ::ffff:0xa9.0xfe.43518';
  it.each(forbidden.split(' '))('refuses %s', (text) => expect(isForbiddenAddress(text)).toBe(true));

  const fine =
    '127.0.0.1 10.0.0.1 192.168.1.5 172.16.0.1 8.8.8.8 169.253.255.255 169.255.0.1 100.100.100.201 223.255.255.255 ' +
    '1.0.0.0 ::1 fd00::1 fc00::1 2001:db8::1 fec0::1 ::ffff:127.0.0.1 ::ffff:192.168.1.1 64:ff9b::8.8.8.8 0x7f.1 127.1';
  it.each(fine.split(' '))('lets %s pass', (text) => expect(isForbiddenAddress(text)).toBe(false));

  const rubbish = [
    '',
    'localhost',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.256',
    '08.1.1.1',
    '1..2',
    ':::',
    '1::2::3',
    '1:2',
  ];
  it.each([...rubbish, '12345::', '::1.2.3', '-1', '1e3', ' 127.0.0.1', '::ffff:1.2.3.4:5', '4294967296'])(
    'refuses what is no address: %j',
    (text) => expect(isForbiddenAddress(text)).toBe(text !== '::1.2.3'),
  );

  const blocks = new BlockList();
  for (const [net, bits] of [
    ['0.0.0.0', 8],
    ['169.254.0.0', 16],
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
    ['192.0.0.192', 32],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const) {
    blocks.addSubnet(net, bits, 'ipv4');
  }

  const octet = fc.nat(255);
  const near = fc.constantFrom(0, 1, 16, 63, 100, 127, 129, 168, 169, 192, 200, 223, 224, 240, 254, 255);
  const address4 = fc.tuple(...Array.from({ length: 4 }, () => fc.oneof(octet, near)));
  const base = fc.constantFrom(
    (n: number) => String(n),
    (n: number) => `0${n.toString(8)}`,
    (n: number) => `0x${n.toString(16)}`,
    (n: number) => `0X00${n.toString(16).toUpperCase()}`,
  );

  it('judges every spelling of an IPv4 address alike', () => {
    fc.assert(
      fc.property(
        address4,
        fc.tuple(base, base, base, base),
        fc.integer({ min: 1, max: 4 }),
        (bytes, bases, parts) => {
          const expected = blocks.check(bytes.join('.'), 'ipv4');
          const tail = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
          const text = [...bytes.slice(0, parts - 1), tail].map((n, index) => bases[index]?.(n)).join('.');
          expect(isForbiddenAddress(text)).toBe(expected);
          const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
          const [high, low] = [hex.slice(0, 4), hex.slice(4)];
          for (const prefix of ['::ffff:', '0:0:0:0:0:FFFF:', '64:ff9b::', '::ffff:0:']) {
            expect(isForbiddenAddress(`${prefix}${bytes.join('.')}`)).toBe(expected);
            expect(isForbiddenAddress(`${prefix}${high}:${low}%1`)).toBe(expected);
          }
          expect(isForbiddenAddress(`2002:${high}:${low}::7`)).toBe(expected);
        },
      ),
      BOX,
    );
  });

  it('never throws, and what it lets pass is an address', () => {
    const piece = fc.constantFrom(...'0 1 169 254 0x : :: . fe80 ffff % [ ] -'.split(' '), '0xa9', '\n', '');
    const text = fc.array(piece, { maxLength: 12 }).map((list) => list.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (text) => {
        if (!isForbiddenAddress(text)) expect(text).toMatch(/^\[?[0-9a-fA-Fx:.]+(?:%.*)?\]?$/isu);
      }),
      BOX,
    );
  });
});
