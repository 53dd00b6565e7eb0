import { generateKeyPairSync, sign } from 'node:crypto';
import { PorchlightError } from '@porchlight/protocol';
import { LAN_PROOF_CONTEXT } from '@porchlight/protocol/lan';
import { beforeEach, expect, it } from 'vitest';
import { RouteChoice } from './route-choice.ts';

const DOOR = 'http://192.168.1.20:7411';
const WEB = 'http://192.168.1.20:8080';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const blob = Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), raw]);
const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', blob));
const fingerprint = `SHA256:${Buffer.from(digest).toString('base64').replace(/=+$/, '')}`;

let now: number;
let asked: number;
let services: Record<string, string>;
let there: boolean;

beforeEach(() => {
  now = 0;
  asked = 0;
  services = { web: WEB };
  there = true;
});

/** A door with the device's key. */
const door = async (input: string): Promise<Response> => {
  asked += 1;
  if (!there) throw new TypeError('fetch failed');
  const nonce = new URL(input).searchParams.get('nonce');
  const statement = JSON.stringify({ device: 'shed', nonce, door: DOOR, services });
  const signature = sign(null, Buffer.from(LAN_PROOF_CONTEXT + statement), privateKey).toString('base64');
  return Response.json({ statement, key: blob.toString('base64'), signature });
};

const choice = (lan: 'auto' | 'never' = 'auto', facts = async () => ({ fingerprint, door: DOOR })) =>
  new RouteChoice({ service: 'web', lan, facts, fetch: door, now: () => now });

it('takes the LAN once proven, for many at once, and has it proven again before long', async () => {
  const routes = choice();
  expect(routes.route).toBeUndefined();
  const chosen = await Promise.all([routes.choose(), routes.choose(), routes.choose()]);
  expect([chosen, asked]).toEqual([[1, 2, 3].map(() => ({ kind: 'lan', origin: WEB })), 1]);
  now = 29_999;
  await routes.choose();
  expect(asked).toBe(1);
  now = 30_000;
  await routes.choose();
  expect(asked).toBe(2);
  // The computer has moved: nobody is there any more.
  there = false;
  now = 60_000;
  expect(await routes.choose()).toEqual({ kind: 'relay', reason: 'nothing answers on the LAN' });
});

it('looks for the LAN again after a while, and the relay serves meanwhile', async () => {
  there = false;
  const routes = choice();
  expect((await routes.choose()).kind).toBe('relay');
  there = true;
  now = 59_999;
  await routes.choose();
  expect(asked).toBe(1);
  now = 60_000;
  expect((await routes.choose()).kind).toBe('relay');
  await expect.poll(() => routes.route?.kind).toBe('lan');
  expect(routes.lost()).toEqual({ kind: 'relay', reason: 'the device stopped answering on the LAN' });
  expect((await routes.choose()).kind).toBe('relay');
});

it.each<[string, () => void]>([
  ['a public address', () => (services = { web: 'http://203.0.113.5' })],
  ['the asker itself', () => (services = { web: 'http://127.0.0.1:631' })],
  ['another service', () => (services = { other: WEB })],
  ['no origin', () => (services = { web: 'javascript:alert(1)' })],
])('a device that names %s is used through the relay', async (_what, change) => {
  change();
  expect((await choice().choose()).kind).toBe('relay');
});

it('asks nobody when it is switched off, or the relay names no door or no key', async () => {
  expect((await choice('never').choose()).kind).toBe('relay');
  for (const facts of [
    { fingerprint: undefined, door: DOOR },
    { fingerprint, door: undefined },
  ]) {
    const none = new RouteChoice({
      ...{ service: 'web', lan: 'auto', fetch: door, now: () => now },
      facts: async () => facts,
    });
    expect((await none.choose()).kind).toBe('relay');
  }
  const unknown = choice('auto', () =>
    Promise.reject(new PorchlightError('not_found', 'There is no device "x"')),
  );
  expect(await unknown.choose()).toEqual({ kind: 'relay', reason: 'There is no device "x"' });
  expect(asked).toBe(0);
});
