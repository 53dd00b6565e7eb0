import { FakeClock } from '@porchlight/testkit';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DigestNonces, fitsDigest, md5, parseDigest } from './digest.ts';

const HEADER =
  'Digest username="app", realm="r", nonce="n", uri="/v2/oauth2/token", response="0123456789ABCDEF0123456789abcdef"';

it('reads the header that clients without qop send', () => {
  expect(parseDigest(HEADER)).toEqual({
    username: 'app',
    realm: 'r',
    nonce: 'n',
    uri: '/v2/oauth2/token',
    response: '0123456789abcdef0123456789abcdef',
  });
  expect(parseDigest(`${HEADER}, algorithm=MD5`)).toBeDefined();
});

it.each([
  undefined,
  '',
  'Digest',
  'Basic abc',
  HEADER.replace('Digest', 'Digestion'),
  HEADER.replace('realm="r", ', ''),
  HEADER.replace('realm="r"', 'realm="r'),
  `${HEADER}, nonce="m"`,
  `${HEADER}, NONCE="m"`,
  `${HEADER}, qop=auth, nc=00000001, cnonce="x"`,
  `${HEADER}, algorithm=SHA-256`,
  HEADER.replace('0123', '012x'),
  `${HEADER}, x="${'y'.repeat(5_000)}"`,
])('refuses %s', (header) => expect(parseDigest(header)).toBeUndefined());

it('fits the secret, method and address that it was computed from, and no others', () => {
  const hash = md5('app:r:secret');
  const uri = '/v2/oauth2/token';
  const given = {
    username: 'app',
    realm: 'r',
    nonce: 'n',
    uri,
    response: md5(`${hash}:n:${md5(`POST:${uri}`)}`),
  };
  expect(fitsDigest(given, 'POST', hash)).toBe(true);
  expect(fitsDigest(given, 'GET', hash)).toBe(false);
  expect(fitsDigest({ ...given, nonce: 'm' }, 'POST', hash)).toBe(false);
  expect(fitsDigest({ ...given, uri: '/' }, 'POST', hash)).toBe(false);
  expect(fitsDigest(given, 'POST', md5('app:r:other'))).toBe(false);
});

it('gives nonces that count once, for a minute, in this process', async () => {
  const clock = new FakeClock();
  const nonces = new DigestNonces(clock);
  const [one, two] = [nonces.make(), nonces.make()];
  expect(one).not.toBe(two);
  expect([nonces.isFresh(one), nonces.use(one), nonces.isFresh(one), nonces.use(one)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  await clock.advance(59_000);
  expect(nonces.isFresh(two)).toBe(true);
  await clock.advance(1_000);
  expect(nonces.isFresh(two)).toBe(false);
  expect(new DigestNonces(clock).isFresh(nonces.make())).toBe(false);
});

it('survives whatever is sent for a header or a nonce', () => {
  const nonces = new DigestNonces(new FakeClock());
  const piece = fc.oneof(fc.constantFrom('"', ',', '=', ' ', '\\', 'nonce', 'uri', HEADER), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      expect(parseDigest(`Digest ${text}`)?.response ?? '0'.repeat(32)).toMatch(/^[0-9a-f]{32}$/);
      expect(nonces.isFresh(text)).toBe(false);
    }),
    { numRuns: 3_000, interruptAfterTimeLimit: 2_000 },
  );
});
