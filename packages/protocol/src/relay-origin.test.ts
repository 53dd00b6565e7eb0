import { expect, it } from 'vitest';
import { parseRelayOrigin } from './relay-origin.ts';

it.each([
  ['relay.example', 'https://relay.example'],
  ['https://Relay.Example:8443/console?x=1', 'https://relay.example:8443'],
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://console.localhost', 'http://console.localhost'],
  ['http://127.0.0.2:1', 'http://127.0.0.2:1'],
  ['http://[::1]:80', 'http://[::1]'],
])('%s is the relay %s', (text, origin) => {
  expect(parseRelayOrigin(text)).toEqual({ origin });
});

it.each(['', 'ftp://relay.example', 'https://', 'https://me@relay.example', 'a b'])(
  '%j is no address',
  (text) => {
    expect(parseRelayOrigin(text)).toMatchObject({ problem: expect.stringContaining('no relay address') });
  },
);

it.each(['http://relay.example', 'http://127.0.0.1.example', 'http://localhost.example'])(
  '%s is not encrypted',
  (text) => {
    expect(parseRelayOrigin(text)).toMatchObject({ problem: expect.stringContaining('not encrypted') });
  },
);
