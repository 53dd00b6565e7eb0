import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFromDevice, decodeToDevice, encodeRpc, parseAnnouncement, parseRpcTopic } from './index.ts';
import type { RpcMessage } from './message.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const id = fc.stringMatching(/^[0-9A-Za-z]{1,16}$/);
const body = fc.uint8Array({ maxLength: 300 });
const last = fc.boolean();
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((pairs) => pairs.flat());
const number = fc.nat({ max: 999_999_999 });

const toDevice = fc.oneof(
  fc.record({
    type: fc.constant('request' as const),
    ...{ id, last, fields, body, deadlineMs: number },
    service: fc.constantFrom('web', 'a-b', 'x1'),
    method: fc.constantFrom('GET', 'POST', 'M-SEARCH'),
    target: fc.stringMatching(/^\/[\x21-\x7e]{0,40}$/),
  }),
  fc.record({ type: fc.constant('ack' as const), id, taken: number }),
  fc.record({ type: fc.constant('cancel' as const), id }),
);
const fromDevice = fc.oneof(
  fc.record({
    type: fc.constant('response' as const),
    ...{ id, last, fields, body, status: fc.integer({ min: 200, max: 599 }) },
  }),
  fc
    .record({ type: fc.constant('part' as const), id, last, body, index: number.map((n) => n + 1) })
    .filter(({ index }) => index <= 999_999_999),
  fc.record({
    type: fc.constant('refuse' as const),
    id,
    code: fc.constantFrom('denied' as const, 'busy' as const, 'too_large' as const),
    reason: fc.constantFrom('', 'not on the list', 'x'),
  }),
);

describe('messages of HTTP over MQTT', () => {
  it('come back as they were sent', () => {
    const same = (message: RpcMessage, read: unknown): void => {
      expect(read).toEqual({ ok: true, message });
    };
    fc.assert(
      fc.property(toDevice, (message) => same(message, decodeToDevice(encodeRpc(message)))),
      { interruptAfterTimeLimit: 2_000 },
    );
    fc.assert(
      fc.property(fromDevice, (message) => same(message, decodeFromDevice(encodeRpc(message)))),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('are read without an exception, whatever the bytes', () => {
    const words = fc
      .array(
        fc.constantFrom('request', 'response', 'part', 'ack', '1', 'more', 'last', '200', '\n', ':', '/'),
      )
      .map((all) => bytes(all.join(' ')));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), words), (some) => {
        for (const read of [decodeToDevice(some), decodeFromDevice(some)]) {
          if (!read.ok) expect(read.reason).not.toBe('');
        }
        parseAnnouncement(some);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('take line ends as println writes them, and bodies with any bytes', () => {
    const message = new Uint8Array([
      ...bytes('response k1 last 200\r\nContent-Type: x/y\r\n\r\n'),
      0,
      10,
      13,
      255,
    ]);
    expect(decodeFromDevice(message)).toEqual({
      ok: true,
      message: {
        type: 'response',
        ...{ id: 'k1', last: true, status: 200, fields: ['Content-Type', 'x/y'] },
        body: new Uint8Array([0, 10, 13, 255]),
      },
    });
  });

  it.each([
    ['', 'it is empty', undefined],
    ['{"status":200}', 'its first word is none of the contract', undefined],
    ['response k1 last 99\n\n', 'its status is none from 200 to 599', 'k1'],
    ['response k1 last 200 OK\n\n', '"response" has 4 words in its first line', 'k1'],
    ['response k1 yes 200\n\n', 'its third word must be "more" or "last"', 'k1'],
    ['response k1 last 200\nno field\n\n', 'one of its fields is none', 'k1'],
    ['response ../../x last 200\n\n', 'its second word is no identifier', undefined],
    ['part k1 last 0\n\n', 'parts are counted from 1', 'k1'],
    ['refuse k1 tired\n', 'its refusal is none of the contract', 'k1'],
    ['cancel k1\n', '"cancel" goes the other way', 'k1'],
  ])('says what is wrong with %j', (text, reason, about) => {
    expect(decodeFromDevice(bytes(text))).toEqual({ ok: false, id: about, reason });
  });

  it('refuses to write what would be read otherwise', () => {
    const message = { type: 'response', id: '1', last: true, status: 200, body: bytes('') } as const;
    expect(() => encodeRpc({ ...message, fields: ['a', 'b\nc: d'] })).toThrow(RangeError);
    expect(() => encodeRpc({ ...message, fields: ['a', '€'] })).toThrow(RangeError);
  });
});

describe('announcements', () => {
  it('fill in what a small device need not say', () => {
    expect(parseAnnouncement(bytes('{"rpc":1,"services":["web"],"later":1}'))).toMatchObject({
      ok: true,
      announcement: {
        services: ['web'],
        max: 2048,
        window: 1,
        concurrent: 1,
        timeout: 10_000,
        paused: false,
      },
    });
    expect(parseAnnouncement(bytes(''))).toEqual({ ok: true, announcement: undefined });
  });

  it.each([
    '[]',
    '{',
    '{"rpc":2,"services":[]}',
    '{"rpc":1,"services":["A"]}',
    '{"rpc":1,"services":[],"max":1}',
  ])('are refused when they are %s', (text) => {
    expect(parseAnnouncement(bytes(text)).ok).toBe(false);
  });

  it('have a topic of the device', () => {
    expect(parseRpcTopic('device/shed/rpc/services')).toEqual({ device: 'shed', kind: 'services' });
    for (const topic of ['device/shed/rpc/request', 'device/a/b/rpc/services', 'user/shed/rpc/services', 'x'])
      expect(parseRpcTopic(topic)).toBeUndefined();
  });
});
