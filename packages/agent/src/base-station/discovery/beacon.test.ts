import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BEACON_BYTES, encodeBeacon, judgeBeacon, parseBeacon, rawPublicKey } from './beacon.ts';

const identity = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 0x0b)]),
  format: 'der',
  type: 'pkcs8',
});
const key = rawPublicKey(identity);
const facts = {
  ...{ http: 80, mqtt: 1883, mqtts: 8883 },
  ...{ address: '192.168.1.20', sequence: 7, time: 1_700_000_000_000 },
};

it('has the bytes of the document', () => {
  const bytes = encodeBeacon(facts, identity);
  expect(bytes.subarray(0, 44).toString('hex')).toBe(
    '504c425301000050075b22b300000000000000000000ffffc0a8011400000000000000070000018bcfe56800',
  );
  expect(bytes.subarray(76, 92).toString('hex')).toMatchInlineSnapshot(`"9e4c0df4a7e1ddd59ea459003e3596fd"`);
  expect(bytes).toHaveLength(BEACON_BYTES);
});

it('tells the base station that it knows from everybody else', () => {
  const bytes = encodeBeacon(facts, identity);
  const known = { key, sequence: 6 };
  expect(judgeBeacon(bytes, known)).toEqual({ kind: 'genuine', beacon: { ...facts, key } });
  expect(judgeBeacon(bytes, { key, sequence: 7 }).kind).toBe('old');
  expect(judgeBeacon(bytes, { key, sequence: 8 }).kind).toBe('old');
  const other = encodeBeacon(facts, generateKeyPairSync('ed25519').privateKey);
  expect(judgeBeacon(other, known).kind).toBe('foreign');
  key.copy(other, 44);
  expect(judgeBeacon(other, known).kind).toBe('forged');
  expect(judgeBeacon(bytes.subarray(1), known).kind).toBe('malformed');
  expect(judgeBeacon(Buffer.concat([bytes, Buffer.of(0)]), known).kind).toBe('malformed');
});

it('a closed port is none', () => {
  const bytes = encodeBeacon({ ...facts, http: undefined, mqtt: undefined }, identity);
  expect(parseBeacon(bytes)).toMatchObject({ http: undefined, mqtt: undefined, mqtts: 8883 });
});

it('no change of a single bit passes', () => {
  const bytes = encodeBeacon(facts, identity);
  for (let bit = 0; bit < BEACON_BYTES * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(judgeBeacon(changed, { key, sequence: 0 }).kind).not.toBe('genuine');
  }
});

it('whatever comes, the parser says what it is or that it is none', () => {
  const near = fc
    .tuple(fc.uint8Array({ minLength: 0, maxLength: 200 }), fc.boolean())
    .map(([bytes, framed]) => {
      const made = Buffer.from(bytes);
      if (!framed) return made;
      const whole = Buffer.alloc(BEACON_BYTES);
      made.copy(whole);
      Buffer.from('PLBS\x01\x00', 'latin1').copy(whole);
      return whole;
    });
  fc.assert(
    fc.property(near, (bytes) => {
      const beacon = parseBeacon(bytes);
      if (beacon === undefined) return;
      expect(bytes).toHaveLength(BEACON_BYTES);
      expect(Number.isSafeInteger(beacon.sequence)).toBe(true);
      expect(['foreign', 'forged']).toContain(judgeBeacon(bytes, { key, sequence: 0 }).kind);
    }),
    { interruptAfterTimeLimit: 5_000, numRuns: 2_000 },
  );
  fc.assert(
    fc.property(
      fc.record({
        http: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
        mqtt: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
        mqtts: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
        address: fc.ipV4(),
        sequence: fc.maxSafeNat(),
        time: fc.maxSafeNat(),
      }),
      (each) => {
        expect(parseBeacon(encodeBeacon(each, identity))).toEqual({ ...each, key });
      },
    ),
    { interruptAfterTimeLimit: 5_000 },
  );
});
