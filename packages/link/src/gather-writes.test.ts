import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { gatherWrites } from './gather-writes.ts';
import { openSshPair, type SshPair } from './ssh-pair.ts';

describe('gathered writes', () => {
  it('leave together at the end of the turn but for the first, in order, and later ones in the next', async () => {
    const batches: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        batches.push(chunk.toString());
        done();
      },
      writev(chunks, done) {
        batches.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
        done();
      },
    });
    gatherWrites(sink);
    for (const word of ['a', 'b', 'c']) sink.write(Buffer.from(word));
    expect(batches).toEqual(['a']);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(batches).toEqual(['a', 'b c']);
    sink.write(Buffer.from('d'));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(batches).toEqual(['a', 'b c', 'd']);
  });

  it.each([
    { what: 'many packets', size: 10, at: 9 },
    { what: 'many bytes', size: 10_000, at: 3 },
  ])('leave within the turn when they are $what', ({ size, at }) => {
    let written = 0;
    const sink = new Writable({
      highWaterMark: 1_000_000,
      write(_chunk, _encoding, done) {
        written += 1;
        done();
      },
      writev(chunks, done) {
        written += chunks.length;
        done();
      },
    });
    gatherWrites(sink);
    for (let n = 1; n < at; n += 1) sink.write(Buffer.alloc(size));
    expect(written).toBe(1);
    sink.write(Buffer.alloc(size));
    expect(written).toBe(at);
    sink.write(Buffer.alloc(size));
    expect(written).toBe(at);
  });

  it('are not lost when the stream is ended in the same turn', async () => {
    const got: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        got.push(chunk.toString());
        done();
      },
    });
    gatherWrites(sink);
    sink.write(Buffer.from('last'));
    sink.end();
    await once(sink, 'finish');
    expect(got).toEqual(['last']);
  });
});

describe('gathered chunks of a channel', () => {
  let pair: SshPair;
  afterEach(() => pair.close());

  it.each([3, 5_000, 40_000])('arrive whole and in order in pieces of %i bytes', async (size) => {
    pair = await openSshPair();
    const { relay, device } = await pair.openChannel();
    const got: Buffer[] = [];
    relay.on('data', (chunk: Buffer) => got.push(chunk));
    const pieces = Array.from({ length: 20 }, (_, i) => Buffer.alloc(size, i));
    device.cork();
    for (const piece of pieces) device.write(piece);
    device.uncork();
    device.end();
    await once(relay, 'end');
    expect(Buffer.concat(got).equals(Buffer.concat(pieces))).toBe(true);
    if (size === 3) expect(got).toHaveLength(1);
    relay.destroy();
    device.destroy();
  });
});
