import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startSensor } from './index.ts';
import { join } from './join.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const { privateKey: key } = generateKeyPairSync('ed25519');
const raw = (of: KeyObject) =>
  Buffer.from(createPublicKey(of).export({ format: 'jwk' }).x ?? '', 'base64url');

interface Asked {
  readonly method: string;
  readonly body: Record<string, string>;
}

/** A base station that shows `shown` as its key, signs by `signer`, and answers questions so. */
async function startBase(signer: KeyObject, shown: KeyObject, state: object) {
  const base = {
    key: raw(shown),
    ephemeral: raw(generateKeyPairSync('x25519').privateKey),
    nonce: randomBytes(16),
  };
  const asked: Asked[] = [];
  const server = http.createServer((req, res) => {
    let text = '';
    req.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    req.once('end', () => {
      const { method = '' } = req;
      const body = text === '' ? {} : JSON.parse(text);
      asked.push({ method, body });
      res.end(JSON.stringify(answer(method, body)));
    });
  });
  function answer(method: string, body: Asked['body']): object {
    if (method === 'POST') {
      const encoded = Object.entries(base).map(([name, bytes]) => [name, bytes.toString('base64url')]);
      return { id: 'x'.repeat(22), base: Object.fromEntries(encoded) };
    }
    if (method !== 'PUT') return state;
    const [begun] = asked;
    const bytes = (text = '') => Buffer.from(text, 'base64url');
    const hash = createHash('sha256').update('porchlight lan join 1\n').update(Buffer.of(6)).update('sensor');
    for (const part of [bytes(begun?.body['commitment']), base.key, base.ephemeral, base.nonce])
      hash.update(part);
    for (const part of ['key', 'ephemeral', 'nonce']) hash.update(bytes(body[part]));
    const signed = Buffer.concat([Buffer.from('porchlight lan base 1\n'), hash.digest()]);
    return { signature: sign(null, signed, signer).toString('base64url') };
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const wish = (baseStation: string, codes: string[]) => ({
  ...{ baseStation, name: 'sensor', key, everyMs: 1, signal: AbortSignal.timeout(20_000) },
  showCode: (code: string) => void codes.push(code),
});

it('an impostor that shows the key of a base station, and does not hold it, gets no code shown', async () => {
  const other = generateKeyPairSync('ed25519').privateKey;
  const { url } = await startBase(other, key, { state: 'waiting' });
  const codes: string[] = [];
  await expect(join(wish(url, codes))).rejects.toThrow('does not hold the key');
  expect(codes).toEqual([]);
});

it('what was sealed by somebody else is not taken, and not fetched away', async () => {
  const sealed = randomBytes(200).toString('base64url');
  const { url, asked } = await startBase(key, key, { state: 'allowed', sealed });
  const codes: string[] = [];
  await expect(join(wish(url, codes))).rejects.toThrow();
  expect(codes).toEqual([expect.stringMatching(/^\d{3}-\d{3}$/)]);
  expect(asked.map(({ method }) => method)).toEqual(['POST', 'PUT', 'GET']);
});

it('who was denied asks no more, and can be switched off at any time', async () => {
  const { url, asked } = await startBase(key, key, { state: 'denied' });
  const denied = Promise.withResolvers<void>();
  const show = ({ kind }: { kind: string }) => void (kind === 'denied' && denied.resolve());
  const sensor = startSensor({ baseStation: url, name: 'sensor', key, everyMs: 1, show });
  await denied.promise;
  await sensor.close();
  expect(asked).toHaveLength(3);
  const waiting = await startBase(key, key, { state: 'waiting' });
  const shown = Promise.withResolvers<void>();
  const other = startSensor({
    baseStation: waiting.url,
    name: 'sensor',
    key,
    everyMs: 1,
    show: () => shown.resolve(),
  });
  await shown.promise;
  await other.close();
});
