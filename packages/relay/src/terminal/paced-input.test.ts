import { Writable } from 'node:stream';
import fc from 'fast-check';
import type { ClientChannel } from 'ssh2';
import { expect, it } from 'vitest';
import { INPUT_AHEAD_MAX, paceInput } from './paced-input.ts';

/** A channel that takes everything at once, and what was written and asked. */
function paced() {
  const written: Buffer[] = [];
  const asked: { heard: () => void; behind: number }[] = [];
  const total = (): number => written.reduce((sum, one) => sum + one.length, 0);
  const channel = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  paceInput(channel as unknown as ClientChannel, (heard) => asked.push({ heard, behind: total() }));
  return { channel, written, asked, total };
}

it('typing leaves at once and asks for nothing', () => {
  const { channel, written, asked } = paced();
  for (const key of 'ls -l\n') channel.write(key);
  expect(written.map(String).join('')).toBe('ls -l\n');
  expect(asked).toEqual([]);
});

it('a paste leaves in pieces, never more ahead than the device can answer', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 6 }), (sizes) => {
      const { channel, written, asked, total } = paced();
      const sent = sizes.map((size, n) => Buffer.alloc(size, n));
      for (const chunk of sent) channel.write(chunk);
      let confirmed = 0;
      for (let sign = asked.shift(); sign !== undefined; sign = asked.shift()) {
        expect(total() - confirmed).toBeLessThanOrEqual(INPUT_AHEAD_MAX);
        confirmed = sign.behind;
        sign.heard();
      }
      expect(Buffer.concat(written).equals(Buffer.concat(sent))).toBe(true);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
