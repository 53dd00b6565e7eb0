import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_BUFFER_MAX } from './channel.ts';
import { openSshPair, type SshPair } from './ssh-pair.ts';

let pair: SshPair;

beforeAll(async () => {
  pair = await openSshPair();
});

afterAll(async () => {
  await pair.close();
});

/** Resolves when both ends have told that they are closed; their errors are looked at elsewhere. */
async function bothClosed(...ends: Duplex[]): Promise<void> {
  await Promise.all(ends.map((end) => new Promise<void>((resolve) => end.once('close', resolve))));
}

/** What comes until the end. Not `for await`, which would close the other direction too. */
function all(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

describe.each(['relay', 'device'] as const)('a channel, seen from the %s', (side) => {
  const open = async () => {
    const { relay, device } = await pair.openChannel();
    return side === 'relay' ? { here: relay, there: device } : { here: device, there: relay };
  };

  it('ends one direction and goes on with the other', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    here.end('question');
    expect((await all(there)).toString()).toBe('question');
    // It answers only after it has seen the end.
    there.end('answer after EOF');
    expect((await all(here)).toString()).toBe('answer after EOF');
    await closed;
    await expect.poll(() => pair.openChannels()).toBe(0);
  });

  it('carries 1 MB in tiny chunks, and 8 MB beyond every window, in order', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    const tiny = randomBytes(1024 * 1024);
    const large = randomBytes(8 * 1024 * 1024);
    const received = all(there);
    for (let at = 0; at < tiny.length; at += 97) {
      if (!here.write(tiny.subarray(at, at + 97))) await once(here, 'drain');
    }
    here.end(large);
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(await received)).toBe(hash(Buffer.concat([tiny, large])));
    there.end();
    here.resume();
    await closed;
  });

  it('that has ended and closed is read to its end, however late', async () => {
    const { here, there } = await open();
    const bytes = randomBytes(1024 * 1024);
    here.end();
    there.resume();
    there.end(bytes);
    // EOF and CLOSE have come and were answered; nothing has been read here yet.
    await once(there, 'close');
    expect(here.readableLength).toBe(bytes.length);
    const read: Buffer[] = [];
    for await (const chunk of here) read.push(chunk);
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  });

  it('is gone at both ends after destroy, with data unread at this end', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    there.on('error', () => undefined);
    there.write('nobody reads this');
    await once(here, 'readable');
    here.destroy();
    there.resume();
    await closed;
    expect(here.destroyed).toBe(true);
    await expect.poll(() => pair.openChannels()).toBe(0);
  });

  it('is gone at both ends after destroy with data unread at the other end', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    there.on('error', () => undefined);
    here.write('nobody reads this');
    await once(there, 'readable');
    here.destroy();
    there.destroy();
    await closed;
    await expect.poll(() => pair.openChannels()).toBe(0);
  });

  it('is gone at both ends after destroy with data still unsent', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    const failed = once(there, 'error');
    here.write(randomBytes(5 * 1024 * 1024));
    await once(there, 'readable');
    here.destroy();
    there.resume();
    await failed;
    await closed;
    await expect.poll(() => pair.openChannels()).toBe(0);
  });

  it('tells a cut from an end', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    const failed = once(there, 'error');
    here.write('half of ');
    await once(there, 'readable');
    here.destroy();
    let got = '';
    there.on('data', (chunk: Buffer) => (got += chunk.toString()));
    there.on('end', () => (got += ' END'));
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    await closed;
    expect(got).not.toContain('END');
  });

  it('tells its own destroyer why, once', async () => {
    const { here, there } = await open();
    there.on('error', () => undefined).resume();
    const errors: Error[] = [];
    here.on('error', (error: Error) => errors.push(error));
    let closes = 0;
    here.on('close', () => (closes += 1));
    const closed = bothClosed(here, there);
    here.destroy(new Error('enough'));
    here.destroy(new Error('again'));
    await closed;
    await expect.poll(() => pair.openChannels()).toBe(0);
    expect(errors.map(({ message }) => message)).toEqual(['enough']);
    expect(closes).toBe(1);
  });

  it('needs no listener for the error of a cut', async () => {
    const { here, there } = await open();
    const closed = bothClosed(here, there);
    here.destroy();
    await closed;
  });
});

describe('hostile peers', () => {
  it('a peer that sends beyond the window is reported and not buffered', async () => {
    const before = pair.overflows();
    const { relay, device } = await pair.openRawChannel();
    // Believes in an endless window.
    const outgoing: unknown = Reflect.get(device, 'outgoing');
    Reflect.set(outgoing as object, 'window', Number.MAX_SAFE_INTEGER);
    // Of a size that never leaves the window at exactly 0, from where on ssh2 itself drops everything.
    const chunk = Buffer.alloc(30_001);
    for (let sent = 0; sent < CHANNEL_BUFFER_MAX * 3; sent += chunk.length) device.write(chunk);
    await expect.poll(() => pair.overflows()).toBeGreaterThan(before);
    expect(relay.readableLength).toBeLessThan(CHANNEL_BUFFER_MAX + 64 * 1024);
    const closed = bothClosed(relay);
    relay.destroy();
    device.resume();
    await closed;
  });

  it('a link that is cut ends every channel, also one that nobody reads', async () => {
    const own = await openSshPair();
    const { relay, device } = await own.openChannel();
    relay.write('unread');
    await once(device, 'readable');
    const errors = [once(relay, 'error'), once(device, 'error')];
    const closed = bothClosed(relay, device);
    own.cut();
    await Promise.all(errors);
    await closed;
    expect(own.openChannels()).toBe(0);
    await own.close();
  });
});
