import { duplexPair } from 'node:stream';
import { CONTROL_LINE_MAX } from '@porchlight/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openControlStream } from './control-stream.ts';

const message = z.strictObject({ type: z.literal('say'), text: z.string() });
type Message = z.infer<typeof message>;

/** The heard stream, and the raw other end. */
function open() {
  const [near, far] = duplexPair();
  const heard: string[] = [];
  const broken: string[] = [];
  let ends = 0;
  const settled = Promise.withResolvers<void>();
  const stream = openControlStream<Message, Message>(near, message, {
    message: ({ text }) => heard.push(text),
    broken(why) {
      broken.push(why);
      settled.resolve();
    },
    end() {
      ends += 1;
      settled.resolve();
    },
  });
  return { near, far, stream, heard, broken, ends: () => ends, settled: settled.promise };
}

/** Cuts bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const line = (text: string): string => `${JSON.stringify({ type: 'say', text })}\n`;

describe('a control stream', () => {
  it('gives the same messages however the bytes are cut, also inside a character', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(2000), { maxLength: 30 }),
        async (texts, places) => {
          const { far, heard, settled, broken, ends } = open();
          for (const chunk of cut(Buffer.from(texts.map(line).join('')), places)) far.write(chunk);
          far.end();
          await settled;
          // JSON writes lone surrogates as escapes, so nothing is lost.
          expect(heard).toEqual(texts);
          expect(broken).toEqual([]);
          expect(ends()).toBe(1);
        },
      ),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('breaks at the first line that is no message, and is silent after it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.array(fc.nat(400), { maxLength: 10 }),
        async (rubbish, places) => {
          const { far, heard, settled, broken, ends } = open();
          const bytes = Buffer.concat([
            Buffer.from(line('before')),
            Buffer.from(rubbish),
            Buffer.from(`\n${line('after')}`),
          ]);
          for (const chunk of cut(bytes, places)) far.write(chunk);
          far.end();
          await settled;
          await new Promise((resolve) => setImmediate(resolve));
          expect(heard).toEqual(['before']);
          expect(broken).toHaveLength(1);
          expect(ends()).toBe(0);
        },
      ),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it.each([
    ['one endless line', Buffer.alloc(CONTROL_LINE_MAX + 1, 0x20)],
    ['a long line with its end', Buffer.from(line('x'.repeat(CONTROL_LINE_MAX)))],
  ])('does not gather %s', async (_what, bytes) => {
    const { far, heard, settled, broken } = open();
    far.write(line('first'));
    far.write(bytes);
    await settled;
    expect(heard).toEqual(['first']);
    expect(broken).toEqual([`a control line is longer than ${CONTROL_LINE_MAX} bytes`]);
  });

  it('takes a line of exactly the longest length', async () => {
    const { far, heard, settled, broken } = open();
    const empty = line('').length - 1;
    far.end(line('x'.repeat(CONTROL_LINE_MAX - empty)));
    await settled;
    expect(broken).toEqual([]);
    expect(heard).toHaveLength(1);
  });

  it('tells a failing stream as its end, once', async () => {
    const { near, settled, ends, broken } = open();
    near.destroy(new Error('cut'));
    await settled;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends()).toBe(1);
    expect(broken).toEqual([]);
  });

  it('says why it ends even after it broke, and nothing to a stream that is gone', async () => {
    const { near, far, stream, settled } = open();
    far.write('rubbish\n');
    await settled;
    stream.send({ type: 'say', text: 'you make no sense' });
    stream.end();
    stream.end();
    let got = '';
    for await (const chunk of far) got += String(chunk);
    expect(got).toBe(line('you make no sense'));
    near.destroy();
    stream.send({ type: 'say', text: 'anybody there?' });
  });
});
