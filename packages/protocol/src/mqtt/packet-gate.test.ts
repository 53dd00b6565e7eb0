import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PacketGate } from './packet-gate.ts';

/** A packet with so many bytes after its length. */
function packet(length: number): Buffer {
  const bytes = [0x30];
  for (let left = length; ; left = Math.floor(left / 128)) {
    if (left < 128) {
      bytes.push(left);
      break;
    }
    bytes.push((left % 128) | 0x80);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, 0xff)]);
}

test('a packet that is too long is refused by its announcement alone', () => {
  const gate = new PacketGate(1_000);
  expect(gate.take(packet(1_000))).toBeUndefined();
  expect(gate.take(packet(1_001).subarray(0, 3))).toBe('a packet that is too long');
});

test('a length of more than four bytes is none (MQTT 3.1.1 §2.2.3)', () => {
  expect(new PacketGate(Number.MAX_SAFE_INTEGER).take(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 1]))).toBe(
    'a length that is none',
  );
});

test('packets are counted however they are cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(20), fc.constantFrom(127, 128, 16_383, 16_384)), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
      (lengths, cuts) => {
        const gate = new PacketGate(20_000);
        const bytes = Buffer.concat(lengths.map(packet));
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] ?? 1;
          expect(gate.take(bytes.subarray(at, at + size))).toBeUndefined();
          at += size;
        }
        expect(gate.packets).toBe(lengths.length);
      },
    ),
    { interruptAfterTimeLimit: 2_000 },
  );
});

test('no bytes make it throw or let through more than they announce', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const gate = new PacketGate(50);
      gate.take(bytes);
      expect(gate.packets).toBeLessThanOrEqual(bytes.length);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
