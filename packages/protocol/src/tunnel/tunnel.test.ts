import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLanHost, isLanOrigin, parseLanProof } from '../lan.ts';
import { parseTunnelAsk, parseTunnelSay, subprotocols, tunnelPath } from './messages.ts';
import { ReceiveWindow, SendWindow, TUNNEL_WINDOW } from './windows.ts';

it('what is no message is nothing, and no text makes a reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const parse of [parseTunnelAsk, parseTunnelSay, parseLanProof]) parse(text);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
  expect(parseTunnelAsk('{"type":"taken","bytes":5}')).toEqual({ type: 'taken', bytes: 5 });
  for (const text of [
    '{"type":"taken","bytes":-1}',
    '{"type":"taken","bytes":1.5}',
    '{"type":"open"}',
    '5',
  ]) {
    expect(parseTunnelAsk(text)).toBeUndefined();
  }
  expect(parseTunnelSay('{"type":"error","problem":{"code":"busy"}}')).toEqual({
    type: 'error',
    problem: { code: 'busy' },
  });
  expect(parseTunnelAsk(`{"type":"end"${' '.repeat(300)}}`)).toBeUndefined();
});

it('an obedient sender never sends more than the receiver allows, and all of it arrives', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 60 }), (pieces) => {
      const [send, receive] = [new SendWindow(), new ReceiveWindow()];
      let [left, held] = [pieces.reduce((sum, one) => sum + one, 0), 0];
      for (let n = 0; left > 0 || held > 0; n += 1) {
        const length = Math.min(left, send.room, pieces[n % pieces.length] ?? 1);
        if (length > 0) {
          send.sent(length);
          left -= length;
          held += length;
          expect(receive.received(length)).toBe(true);
        }
        if (n % 3 !== 0 || length === 0) {
          const taken = Math.min(held, pieces[(n + 1) % pieces.length] ?? 1);
          held -= taken;
          send.taken(receive.passedOn(taken));
        }
        expect(send.room).toBeGreaterThanOrEqual(0);
      }
    }),
    { interruptAfterTimeLimit: 3_000 },
  );
  const receive = new ReceiveWindow();
  expect([receive.received(TUNNEL_WINDOW), receive.received(1)]).toEqual([true, false]);
  const send = new SendWindow();
  send.taken(1_000);
  expect(send.room).toBe(TUNNEL_WINDOW);
});

it('paths and subprotocols are written and read', () => {
  expect(tunnelPath('d1', { port: 22 })).toBe('/api/devices/d1/tcp?port=22');
  expect(tunnelPath('d/1', { service: 'a&b' })).toBe('/api/devices/d%2F1/tcp?service=a%26b');
  expect(subprotocols(' a, b ,,c')).toEqual(['a', 'b', 'c']);
  expect(subprotocols(undefined)).toEqual([]);
});

it.each([
  ['192.168.1.20', true],
  ['10.0.0.1', true],
  ['172.16.0.1', true],
  ['172.32.0.1', false],
  ['fd12::1', true],
  ['[fd12::1]', true],
  ['bridge.local', true],
  ['127.0.0.1', false],
  ['localhost', false],
  ['::1', false],
  ['169.254.169.254', false],
  ['203.0.113.5', false],
  ['192.168.1.20.evil.example', false],
  ['evil.local.example', false],
])('%s is on a LAN: %s', (host, on) => {
  expect(isLanHost(host)).toBe(on);
});

it('an origin has no path, user or other scheme', () => {
  expect(isLanOrigin('http://192.168.1.20:8080')).toBe(true);
  for (const text of ['http://a/', 'http://u@a', 'ftp://a', 'a', 'http://a/b', `http://${'a'.repeat(120)}`]) {
    expect(isLanOrigin(text), text).toBe(false);
  }
});
