import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AGENT_ERROR_HEADER } from '@porchlight/protocol';
import {
  decodeToDevice,
  encodeRpc,
  parseAnnouncement,
  RPC_PART_MAX,
  RPC_SINGLE_MAX,
  type RpcFromDevice,
  type RpcToDevice,
} from '@porchlight/protocol/rpc';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics, silentLogger } from '../../telemetry/index.ts';
import { RpcEndpoint } from './endpoint.ts';

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A device as a list of what it was sent, which waits for more. */
class Device {
  readonly heard: RpcToDevice[] = [];
  ended: string | undefined;
  readonly clock = new FakeClock();
  readonly dropped = { late: 0, duplicate: 0, rubbish: 0 };
  readonly endpoint: RpcEndpoint;
  #waiting: (() => void)[] = [];

  /** Bytes that it has not read. */
  readonly unread = { bytes: 0 };

  constructor(more: object = {}) {
    const { unread } = this;
    const read = parseAnnouncement(bytes(JSON.stringify({ rpc: 1, services: ['web'], ...more })));
    if (!read.ok || read.announcement === undefined) throw new Error('bad announcement');
    const count = (why: 'late' | 'duplicate' | 'rubbish') => ({
      add: (n: number) => (this.dropped[why] += n),
    });
    this.endpoint = new RpcEndpoint({
      connection: {
        get unsent() {
          return unread.bytes;
        },
        end: (reason) => {
          this.ended = reason;
        },
        send: (topic, payload) => {
          expect(topic).toBe('device/shed/rpc/request');
          const message = decodeToDevice(Buffer.from(payload));
          if (!message.ok) throw new Error(message.reason);
          this.heard.push(message.message);
          for (const wake of this.#waiting.splice(0)) wake();
        },
      },
      topicName: 'shed',
      announcement: read.announcement,
      clock: this.clock,
      logger: silentLogger,
      dropped: { late: count('late'), duplicate: count('duplicate'), rubbish: count('rubbish') },
    });
  }

  /** The n-th message that it was sent. */
  async at<Type extends RpcToDevice['type']>(
    n: number,
    type: Type,
  ): Promise<Extract<RpcToDevice, { type: Type }>> {
    while (this.heard[n] === undefined) await new Promise<void>((wake) => this.#waiting.push(wake));
    const message = this.heard[n];
    expect(message).toMatchObject({ type });
    return message as Extract<RpcToDevice, { type: Type }>;
  }

  say(message: RpcFromDevice): void {
    this.endpoint.message(encodeRpc(message));
  }

  answer(id: string, body: string, more: object = {}): void {
    const head = {
      type: 'response',
      last: true,
      status: 200,
      fields: ['content-type', 'text/plain'],
    } as const;
    this.say({ ...head, id, body: bytes(body), ...more });
  }

  ask(
    options: http.RequestOptions = {},
    body?: string | Buffer,
  ): { request: http.ClientRequest; answer: Promise<IncomingMessage> } {
    const request = http.request({
      path: '/x?y=1',
      headers: { Host: 'web--shed.relay', Cookie: 'secret=1', Accept: 'text/html' },
      ...options,
      createConnection: (_options, created) => {
        this.endpoint.openChannel('web').then(
          (channel) => created(null, channel),
          (error: Error) => created(error, undefined as unknown as Duplex),
        );
        return undefined;
      },
    });
    // An agent without keep-alive ends its channel; what then breaks is nobody's.
    request.on('error', () => undefined);
    const answer = once(request, 'response').then(([one]) => one as IncomingMessage);
    answer.catch(() => undefined);
    if (body === undefined) request.end();
    else request.end(body);
    return { request, answer };
  }
}

let device: Device;

beforeEach(() => {
  device = new Device();
});

afterEach(() => {
  device.endpoint.close();
});

describe('a request to a device over MQTT', () => {
  it('goes as one message with the fields that the device wants, and its answer comes back', async () => {
    const { answer } = device.ask();
    const request = await device.at(0, 'request');
    expect(request).toMatchObject({
      last: true,
      service: 'web',
      method: 'GET',
      target: '/x?y=1',
      deadlineMs: 10_000,
    });
    expect(request.fields).toEqual(['Accept', 'text/html']);
    device.answer(request.id, 'hello', { fields: ['Content-Type', 'text/x', 'Connection', 'close'] });
    const got = await answer;
    expect(got.headers).toMatchObject({ 'content-type': 'text/x', 'content-length': '5' });
    expect(await text(got)).toBe('hello');
  });

  it('cuts a body to the size that the device takes, and waits for its acknowledgements', async () => {
    device = new Device({ max: 256, window: 2 });
    const body = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 256));
    const { answer } = device.ask({ method: 'POST' }, body);
    const first = await device.at(0, 'request');
    expect(first.last).toBe(false);
    expect(first.fields).toContain('Content-Length');
    const parts: Uint8Array[] = [first.body];
    for (let n = 1, last = false; !last; n += 1) {
      const part = await device.at(n, 'part');
      expect(part.index).toBe(n);
      expect(encodeRpc(part).length).toBeLessThanOrEqual(256);
      expect(device.heard.length).toBeLessThanOrEqual(n + 2);
      parts.push(part.body);
      last = part.last;
      device.say({ type: 'ack', id: first.id, taken: n + 1 });
    }
    expect(Buffer.concat(parts).equals(body)).toBe(true);
    device.answer(first.id, '');
    expect((await answer).statusCode).toBe(200);
  });

  it('streams an answer and acknowledges what the visitor has taken, and stops what nobody wants any more', async () => {
    const { answer, request } = device.ask();
    const { id } = await device.at(0, 'request');
    device.answer(id, 'a', { last: false });
    const got = await answer;
    let heard = '';
    got.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
    for (let index = 1; index < 4; index += 1) {
      device.say({ type: 'part', id, index, last: false, body: bytes(String(index)) });
    }
    expect(await device.at(1, 'ack')).toMatchObject({ id, taken: 4 });
    expect(heard).toBe('a123');
    request.destroy();
    expect(await device.at(2, 'cancel')).toMatchObject({ id });
  });

  it.each([
    ['denied', 403, 'denied_by_device'],
    ['unreachable', 502, 'service_unreachable'],
    ['too_large', 413, 'too_large'],
    ['busy', 503, 'busy'],
    ['timeout', 504, 'device_timeout'],
    ['paused', 503, 'device_paused'],
    ['unknown', 503, 'service_unknown'],
  ] as const)('is refused with %s as %i', async (code, status, error) => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.say({ type: 'refuse', id, code, reason: 'so it is' });
    const got = await answer;
    expect([got.statusCode, got.headers[AGENT_ERROR_HEADER]]).toEqual([status, error]);
  });

  it('may have an answer of nearly a megabyte in one message, and tells HEAD its length', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    const body = 'x'.repeat(RPC_SINGLE_MAX);
    device.answer(id, body);
    expect(await text(await answer)).toBe(body);
    const head = device.ask({ method: 'HEAD' });
    const second = await device.at(1, 'request');
    device.answer(second.id, '', { fields: ['content-length', '4711'] });
    expect((await head.answer).headers['content-length']).toBe('4711');
  });

  it('waits as long as the device said, not longer, and drops what comes late', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    await device.clock.advance(9_999);
    expect(device.heard).toHaveLength(1);
    await device.clock.advance(1);
    expect((await answer).statusCode).toBe(504);
    await device.at(1, 'cancel');
    device.answer(id, 'late');
    expect(device.dropped.late).toBe(1);
  });

  it('has one answer, however often the device says it', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.answer(id, 'one', { last: false });
    device.answer(id, 'two', { last: false });
    device.say({ type: 'part', id, index: 1, last: true, body: bytes('!') });
    device.answer(id, 'three');
    expect(await text(await answer)).toBe('one!');
    device.answer(id, 'four');
    expect(device.dropped).toMatchObject({ duplicate: 2, late: 1 });
  });

  it.each([
    ['a head that is none', (id: string) => bytes(`response ${id} last 700\n\n`)],
    ['a part before the head', (id: string) => bytes(`part ${id} last 1\n\nx`)],
    ['an acknowledgement of what was not sent', (id: string) => bytes(`ack ${id} 7\n`)],
    [
      'a message that is too long',
      (id: string) => Buffer.concat([bytes(`response ${id} more 200\n\n`), Buffer.alloc(RPC_PART_MAX + 1)]),
    ],
  ])('is answered 502 for %s', async (_what, message) => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.endpoint.message(message(id));
    const got = await answer;
    expect([got.statusCode, got.headers[AGENT_ERROR_HEADER]]).toEqual([502, 'bad_answer']);
    expect(await text(got)).toContain('not understood');
  });

  it('is answered 502 in the end when all that came was rubbish', async () => {
    const { answer } = device.ask();
    await device.at(0, 'request');
    device.endpoint.message(bytes('{"status":200,"body":"hello"}'));
    await device.clock.advance(10_000);
    expect((await answer).statusCode).toBe(502);
    expect(device.dropped.rubbish).toBe(1);
  });

  it('breaks off when a part is missing or comes unasked', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.answer(id, 'a', { last: false });
    const got = await answer;
    const ended = new Promise((resolve) => got.once('close', resolve));
    got.on('error', () => undefined).resume();
    device.say({ type: 'part', id, index: 2, last: true, body: bytes('c') });
    await ended;
    expect(got.complete).toBe(false);
  });

  it('waits for its turn, and is refused when its turn does not come', async () => {
    const first = device.ask();
    const one = await device.at(0, 'request');
    const second = device.ask({ path: '/second' });
    const third = device.ask({ path: '/third' });
    device.answer(one.id, '1');
    expect(await text(await first.answer)).toBe('1');
    const two = await device.at(1, 'request');
    expect(two.target).toBe('/second');
    await device.clock.advance(10_000);
    expect((await second.answer).statusCode).toBe(504);
    expect((await third.answer).statusCode).toBe(503);
  });

  it('ends a device that reads nothing of what it is sent', async () => {
    device.unread.bytes = 17 * 1024 * 1024;
    device.ask();
    await expect.poll(() => device.ended).toBe('it does not read what is sent to it');
    expect(device.heard).toEqual([]);
  });

  it('fails at once when the connection ends', async () => {
    const { answer } = device.ask();
    await device.at(0, 'request');
    device.endpoint.close();
    expect((await answer).headers[AGENT_ERROR_HEADER]).toBe('device_offline');
    await expect(device.endpoint.openChannel('web')).rejects.toMatchObject({ code: 'device_offline' });
  });

  it('may be answered after it was answered in the device`s place', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.endpoint.message(bytes(`response ${id} last 999\n\n`));
    device.answer(id, 'late');
    expect((await answer).statusCode).toBe(502);
    expect(device.dropped.duplicate).toBe(1);
  });

  it('is answered by what Node would not write: trailers are left out', async () => {
    const { answer } = device.ask({ method: 'POST', headers: { Host: 'x', 'Content-Length': '1' } }, 'x');
    const { id } = await device.at(0, 'request');
    device.answer(id, 'whole', { fields: ['Trailer', 'X-Sum', 'X-A', 'b'] });
    const got = await answer;
    expect([got.statusCode, got.headers.trailer, got.headers['x-a']]).toEqual([200, undefined, 'b']);
    expect(await text(got)).toBe('whole');
  });

  it('is no WebSocket', async () => {
    const { answer } = device.ask({ headers: { Host: 'x', Connection: 'Upgrade', Upgrade: 'websocket' } });
    expect((await answer).statusCode).toBe(501);
    expect(device.heard).toEqual([]);
  });

  it('asks only for services that were announced', async () => {
    await expect(device.endpoint.openChannel('ssh')).rejects.toMatchObject({ code: 'service_unknown' });
  });

  it('is counted where the relay is watched', async () => {
    expect(await createMetrics({ process: false }).page()).toContain(
      'porchlight_rpc_dropped_total{why="late"} 0',
    );
  });
});

describe('an answer that goes on and on', () => {
  it('lives as long as the device says that it does, and breaks off five minutes later', async () => {
    const { answer } = device.ask();
    const { id } = await device.at(0, 'request');
    device.answer(id, 'first', { last: false });
    const got = await answer;
    const broken = once(got, 'error');
    expect(String(await once(got, 'data'))).toBe('first');
    for (let minute = 4; minute <= 60; minute += 4) {
      await device.clock.advance(4 * 60_000);
      device.say({ type: 'part', id, last: false, index: minute / 4, body: new Uint8Array(0) });
    }
    device.say({ type: 'part', id, last: false, index: 16, body: bytes('second') });
    expect(String(await once(got, 'data'))).toBe('second');
    expect(device.heard.filter(({ type }) => type === 'cancel')).toEqual([]);
    await device.clock.advance(5 * 60_000);
    await broken;
    expect(device.heard.at(-1)).toEqual({ type: 'cancel', id });
  });
});
