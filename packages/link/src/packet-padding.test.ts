import { expect, test } from 'vitest';
import { nativeCipherInUse } from './native-cipher.ts';
import { nativeGcmPrototype, poolPacketPadding } from './packet-padding.ts';

test.runIf(nativeCipherInUse())('packets are laid out as ssh2 lays them out', () => {
  const prototype = nativeGcmPrototype();
  const original = prototype.allocPacket.bind(prototype);
  const lengths = Array.from({ length: 200 }, (_, payload) => payload);
  const before = lengths.map((payload) => original(payload));
  poolPacketPadding();
  poolPacketPadding();
  expect(prototype.allocPacket).not.toBe(original);
  for (const [payload, packet] of before.entries()) {
    const ours = prototype.allocPacket(payload);
    expect(ours).toHaveLength(packet.length);
    expect(ours.subarray(0, 5)).toEqual(packet.subarray(0, 5));
  }
});

test.runIf(nativeCipherInUse())('no padding is used twice, also where the pool is filled anew', () => {
  poolPacketPadding();
  const seen = new Set<string>();
  // 12 bytes of payload leave 3 to the block, under the least of 4: so 19, the most.
  for (let n = 0; n < 8_000; n += 1) {
    const packet = nativeGcmPrototype().allocPacket(12);
    seen.add(packet.subarray(5 + 12, 5 + 12 + (packet[4] ?? 0)).toString('hex'));
  }
  expect(seen.size).toBe(8_000);
});
