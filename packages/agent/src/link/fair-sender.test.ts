import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FairSender } from './fair-sender.ts';
import { SimulatedLine } from './simulated-line.ts';

/** A channel whose bytes go over the line, as ssh2's do: at once, whatever waits there. */
function openChannel(line: SimulatedLine) {
  const sent: { readonly bytes: number; readonly arrives: number }[] = [];
  const channel = new Duplex({
    highWaterMark: 2 * 1024 * 1024,
    read() {
      // Nothing comes from the relay here.
    },
    write(chunk: Buffer, _encoding, done) {
      sent.push({ bytes: chunk.length, arrives: line.send(chunk.length) });
      done();
    },
  });
  return { channel, sent, total: () => sent.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A transfer that always has more. */
function pour(channel: Duplex): void {
  const chunk = Buffer.alloc(64 * 1024);
  const go = (): void => {
    while (!channel.destroyed && channel.write(chunk)) {
      // Until the channel is full.
    }
  };
  channel.on('drain', go);
  go();
}

/** Node gives the writer its turn through the microtask queue, which simulated time knows nothing of. */
async function pass(line: SimulatedLine, from: number, to: number): Promise<void> {
  for (let time = from; time <= to; time += 1) {
    line.run(time);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const TWO_MBIT = 250;

describe('the fair sender', () => {
  it('keeps a transfer from filling the buffers before a slow line, and the line full all the same', async () => {
    const line = new SimulatedLine({ bytesPerMs: TWO_MBIT, delayMs: 20 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const { channel, total } = openChannel(line);
    sender.observe(40);
    sender.take(channel);
    pour(channel);
    await pass(line, 0, 2_000);
    const before = total();
    let worst = 0;
    for (let time = 2_000; time < 5_000; time += 5) {
      await pass(line, time, time);
      worst = Math.max(worst, line.queued / TWO_MBIT);
    }
    expect(worst).toBeLessThan(60);
    expect((total() - before) / (3_000 * TWO_MBIT)).toBeGreaterThan(0.9);
  });

  it('lets a small answer leave at once beside a transfer', async () => {
    const line = new SimulatedLine({ bytesPerMs: TWO_MBIT, delayMs: 20 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const bulk = openChannel(line);
    const small = openChannel(line);
    for (const { channel } of [bulk, small]) sender.take(channel);
    pour(bulk.channel);
    for (let time = 2_000; time < 4_000; time += 200) {
      await pass(line, time - 200, time);
      const asked = line.now();
      small.channel.write(Buffer.alloc(400));
      await pass(line, asked, asked);
      expect(small.sent.at(-1)!.arrives - asked).toBeLessThan(100);
    }
    expect(small.sent).toHaveLength(10);
  });

  it('shares a slow line evenly between transfers', async () => {
    const line = new SimulatedLine({ bytesPerMs: TWO_MBIT, delayMs: 20 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const all = [openChannel(line), openChannel(line), openChannel(line)];
    for (const { channel } of all) {
      sender.take(channel);
      pour(channel);
    }
    await pass(line, 0, 3_000);
    const totals = all.map(({ total }) => total());
    expect(Math.max(...totals) / Math.min(...totals)).toBeLessThan(1.5);
  });

  it('is in nobody’s way on a fast line', async () => {
    const line = new SimulatedLine({ bytesPerMs: 125_000, delayMs: 1 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const { channel, total } = openChannel(line);
    sender.take(channel);
    pour(channel);
    await pass(line, 0, 500);
    const before = total();
    await pass(line, 500, 700);
    expect((total() - before) / (200 * 125_000)).toBeGreaterThan(0.9);
  });

  it('passes every byte on, in order', async () => {
    const line = new SimulatedLine({ bytesPerMs: TWO_MBIT, delayMs: 20 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const got: Buffer[] = [];
    const channel = new Duplex({
      write(chunk: Buffer, _encoding, done) {
        line.send(chunk.length);
        got.push(Buffer.from(chunk));
        done();
      },
    });
    sender.take(channel);
    const whole = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    for (let at = 0; at < whole.length; at += 70_001) channel.write(whole.subarray(at, at + 70_001));
    let ended = false;
    channel.end(() => (ended = true));
    await pass(line, 0, 3_000);
    expect(ended).toBe(true);
    expect(Buffer.concat(got).equals(whole)).toBe(true);
  });

  it('goes on with the others when a channel that waits is destroyed', async () => {
    const line = new SimulatedLine({ bytesPerMs: TWO_MBIT, delayMs: 20 });
    const sender = new FairSender({ mark: (answered) => line.mark(answered), now: line.now });
    const [gone, stays] = [openChannel(line), openChannel(line)];
    for (const { channel } of [gone, stays]) {
      sender.take(channel);
      pour(channel);
    }
    await pass(line, 0, 500);
    gone.channel.destroy();
    const [goneTotal, before] = [gone.total(), stays.total()];
    await pass(line, 500, 1_500);
    expect(gone.total()).toBe(goneTotal);
    expect(stays.total() - before).toBeGreaterThan(0.85 * 1_000 * TWO_MBIT);
  });
});
