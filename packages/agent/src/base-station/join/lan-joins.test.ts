import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LanRig, openLanRig } from '../lan-rig.ts';
import {
  codeOf,
  commitmentTo,
  createSide,
  hasSigned,
  rawKey,
  type Shown,
  type Side,
  sealingKey,
  signTranscript,
  transcriptOf,
  unseal,
} from './handshake.ts';

let rig: LanRig;
beforeEach(async () => {
  rig = await openLanRig();
});
afterEach(() => rig.close());

const BASE = '/porchlight/lan/v1/join';
const HANDOVER = { username: 'u', password: 'p', host: '127.0.0.1', mqtt: 1883, topics: 'emon/u/' };
const text = (bytes: Buffer) => bytes.toString('base64url');
const call = (method: string, path: string, body?: object) =>
  rig.fetch('10.0.0.1', path, { method, ...(body && { body: JSON.stringify(body) }) });
const newSide = () => createSide(generateKeyPairSync('ed25519').privateKey);

/** A device that goes through the key agreement. */
async function join(side: Side = newSide(), name = 'Sensor 1') {
  const commitment = commitmentTo(side.shown);
  const begun = await call('POST', BASE, { v: 1, name, commitment: text(commitment) });
  expect(begun.status).toBe(201);
  const { id, base: encoded } = (await begun.json()) as { id: string; base: Record<keyof Shown, string> };
  const of = (part: keyof Shown) => Buffer.from(encoded[part], 'base64url');
  const base: Shown = { key: of('key'), ephemeral: of('ephemeral'), nonce: of('nonce') };
  const transcript = transcriptOf({ name, commitment, base, device: side.shown });
  const { key, ephemeral, nonce } = side.shown;
  const signature = signTranscript('device', side.identity, transcript);
  const shown = {
    key: text(key),
    ephemeral: text(ephemeral),
    nonce: text(nonce),
    signature: text(signature),
  };
  return {
    ...{ id, base, transcript, shown, code: codeOf(transcript) },
    reveal: (change: object = {}) => call('PUT', `${BASE}/${id}`, { ...shown, ...change }),
    look: async () =>
      (await (await call('GET', `${BASE}/${id}`)).json()) as { state?: string; sealed?: string },
    done: () => call('DELETE', `${BASE}/${id}`),
    read: (sealed: string) =>
      JSON.parse(
        String(
          unseal(sealingKey(side, base.ephemeral, transcript), transcript, Buffer.from(sealed, 'base64url')),
        ),
      ),
  };
}

/** A person says Allow. */
async function allow(): Promise<void> {
  const [request] = rig.requests.list();
  if (request === undefined) throw new Error('nobody asks');
  const secret = rig.joins.seal(request, (host) => ({ ...HANDOVER, host }));
  if (secret === undefined) throw new Error('nothing to seal for');
  await rig.requests.allow(request.id, { name: 'sensor', ...secret });
}

it('both ends show one code; after Allow the device alone reads what it gets', async () => {
  const device = await join();
  const answer = (await (await device.reveal()).json()) as { signature: string };
  expect(device.base.key).toEqual(rawKey(createPublicKey(rig.identity)));
  expect(
    hasSigned('base', device.base.key, device.transcript, Buffer.from(answer.signature, 'base64url')),
  ).toBe(true);
  expect(rig.requests.list()).toMatchObject([{ name: 'Sensor 1', code: device.code, way: 'porchlight' }]);
  expect(await device.look()).toEqual({ state: 'waiting' });
  await allow();
  const { state, sealed = '' } = await device.look();
  expect(state).toBe('allowed');
  expect(device.read(sealed)).toEqual(HANDOVER);
  expect((await device.done()).status).toBe(204);
  expect((await call('GET', `${BASE}/${device.id}`)).status).toBe(404);
});

it('a restart between Allow and fetch loses nothing; fetched, it is gone', async () => {
  const device = await join();
  await device.reveal();
  await allow();
  await rig.restart();
  const { sealed = '' } = await device.look();
  expect(device.read(sealed)).toEqual(HANDOVER);
  await device.done();
  await rig.restart();
  expect((await call('GET', `${BASE}/${device.id}`)).status).toBe(404);
});

it('keys other than those committed to, and keys of others, are turned away', async () => {
  const [one, two] = [await join(), await join()];
  expect((await one.reveal({ nonce: two.shown.nonce })).status).toBe(403);
  expect((await one.reveal()).status).toBe(404);
  expect((await two.reveal({ signature: text(Buffer.alloc(64)) })).status).toBe(403);
  const [side, victim] = [newSide(), newSide()];
  const posing = { ...side, shown: { ...side.shown, key: victim.shown.key } };
  expect((await (await join(posing)).reveal()).status).toBe(403);
  expect(rig.requests.list()).toEqual([]);
  expect(rig.logged.filter((line) => line.includes('does not hold'))).toHaveLength(3);
});

it('an ephemeral key without a secret is turned away', async () => {
  const side = newSide();
  const weak = { ...side, shown: { ...side.shown, ephemeral: Buffer.alloc(32) } };
  expect((await (await join(weak)).reveal()).status).toBe(403);
});

it('said twice it is the same; other keys after that are refused', async () => {
  const device = await join();
  const [first, again] = [await device.reveal(), await device.reveal()];
  expect(await again.json()).toEqual(await first.json());
  expect((await device.reveal({ nonce: text(Buffer.alloc(16)) })).status).toBe(409);
});

it('denied by its key, however often it begins anew', async () => {
  const side = newSide();
  const device = await join(side);
  await device.reveal();
  await rig.requests.deny(rig.requests.list()[0]?.id ?? '');
  expect(await device.look()).toEqual({ state: 'denied' });
  expect(await (await (await join(side, 'Other name')).reveal()).json()).toEqual({ state: 'denied' });
  expect(rig.requests.list()).toEqual([]);
});

it('a device that lost its answer begins anew, and is asked for anew', async () => {
  const side = newSide();
  await (await join(side)).reveal();
  await allow();
  const again = await join(side);
  await again.reveal();
  expect(await again.look()).toEqual({ state: 'waiting' });
  expect(rig.requests.list()).toMatchObject([{ code: again.code, state: 'waiting' }]);
});

it('key agreements are bounded, and go when nobody comes back', async () => {
  const statuses = new Set<number>();
  const commitment = text(Buffer.alloc(32));
  for (let n = 0; n < 500; n += 1) {
    const from = `10.1.${n >> 4}.${n & 15}`;
    const body = JSON.stringify({ v: 1, name: 'x', commitment });
    statuses.add((await rig.fetch(from, BASE, { method: 'POST', body })).status);
  }
  expect([...statuses].sort((a, b) => a - b)).toEqual([201, 503]);
  expect(rig.joins.size).toBe(400);
  await rig.clock.advance(30_000);
  const device = await join();
  expect(rig.joins.size).toBe(1);
  expect((await device.reveal()).status).toBe(200);
});

it('rubbish is answered with what is wrong', async () => {
  for (const body of ['', '{', 'null', '[]', '{"v":2}', `{"v":1,"name":"a\\n","commitment":"x"}`]) {
    const answer = await rig.fetch('10.0.0.1', BASE, { method: 'POST', body });
    expect([answer.status, typeof ((await answer.json()) as { error: unknown }).error]).toEqual([
      400,
      'string',
    ]);
  }
  expect((await call('GET', BASE)).status).toBe(405);
  expect((await call('PATCH', `${BASE}/${'A'.repeat(22)}`)).status).toBe(405);
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.json(), async (body) => {
      n += 1;
      const answer = await rig.fetch(`10.2.${n >> 8}.${n & 255}`, BASE, { method: 'POST', body });
      expect([400, 413]).toContain(answer.status);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
