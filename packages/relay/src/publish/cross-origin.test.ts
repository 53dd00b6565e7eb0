import { expect, it } from 'vitest';
import { isForeign } from './cross-origin.ts';

const arrival = { host: 'web--robot.example.org', secure: true };
const OWN = 'https://web--robot.example.org';

function foreign(method: string, headers: Record<string, string>, to = arrival): boolean {
  return isForeign({ method, headers }, to);
}

it('a browser that sends Fetch Metadata, in every combination', () => {
  const sites = ['same-origin', 'none', 'same-site', 'cross-site', 'nonsense'];
  const modes = ['navigate', 'cors', 'no-cors', 'same-origin', 'websocket', ''];
  const targets = ['document', 'iframe', 'frame', 'object', 'embed', 'image', 'empty', 'script', ''];
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'];
  let seen = 0;
  for (const site of sites)
    for (const mode of modes)
      for (const dest of targets)
        for (const method of methods) {
          const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
          const own = site === 'same-origin' || site === 'none';
          const link = mode === 'navigate' && dest === 'document' && (method === 'GET' || method === 'HEAD');
          expect(foreign(method, headers), JSON.stringify({ ...headers, method })).toBe(!own && !link);
          seen += 1;
        }
  expect(seen).toBe(1620);
});

it.each([
  [OWN, false],
  ['HTTPS://WEB--ROBOT.EXAMPLE.ORG', false],
  ['http://web--robot.example.org', true],
  ['https://web--other.example.org', true],
  ['https://example.org', true],
  ['https://web--robot.example.org:444', true],
  ['https://web--robot.example.org.evil.com', true],
  ['https://evil.com#web--robot.example.org', true],
  ['https://a@web--robot.example.org', true],
  ['null', true],
  ['', true],
])('a browser that sends only Origin %s', (origin, expected) => {
  for (const method of ['GET', 'POST']) expect(foreign(method, { origin })).toBe(expected);
});

it('a WebSocket counts by the Origin of its page, whatever its site is called', () => {
  const websocket = { 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'empty' };
  expect(foreign('GET', { ...websocket, 'sec-fetch-site': 'same-site', origin: OWN })).toBe(false);
  for (const origin of ['https://web--evil.example.org', 'http://web--robot.example.org', 'null'])
    expect(foreign('GET', { ...websocket, 'sec-fetch-site': 'same-site', origin })).toBe(true);
});

it('a page that came unencrypted is another one', () => {
  const plain = { host: 'web--robot.localhost:8080', secure: false };
  expect(foreign('POST', { origin: 'http://web--robot.localhost:8080' }, plain)).toBe(false);
  expect(foreign('POST', { origin: 'https://web--robot.localhost:8080' }, plain)).toBe(true);
});

it('a program says nothing of the kind', () => {
  for (const method of ['GET', 'POST']) expect(foreign(method, {})).toBe(false);
});
