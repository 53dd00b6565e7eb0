import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  commitmentTo,
  createSide,
  hasSigned,
  keepsCommitment,
  rawKey,
  type Said,
  type Side,
  seal,
  sealingKey,
  signTranscript,
  transcriptOf,
  unseal,
} from './handshake.ts';

const newIdentity = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** A private key whose 32 secret bytes are all `byte` (PKCS #8, RFC 8410 §7). */
function fixedKey(curve: 'ed25519' | 'x25519', byte: number): KeyObject {
  const head = Buffer.from(`302e020100300506032b65${curve === 'ed25519' ? '70' : '6e'}04220420`, 'hex');
  return createPrivateKey({
    key: Buffer.concat([head, Buffer.alloc(32, byte)]),
    format: 'der',
    type: 'pkcs8',
  });
}

function fixedSide(byte: number): Side {
  const [identity, secret] = [fixedKey('ed25519', byte), fixedKey('x25519', byte + 1)];
  const shown = {
    key: rawKey(identity),
    ephemeral: rawKey(createPublicKey(secret)),
    nonce: Buffer.alloc(16, byte + 2),
  };
  return { identity, secret, shown };
}

const saidBy = (device: Side, base: Side, name = 'sensor'): Said => ({
  name,
  commitment: commitmentTo(device.shown),
  base: base.shown,
  device: device.shown,
});

describe('the key agreement of a join on the LAN', () => {
  it('gives both ends the same code and the same key; the device reads what was sealed for it', () => {
    const [device, base] = [createSide(newIdentity()), createSide(newIdentity())];
    const transcript = transcriptOf(saidBy(device, base));
    expect(codeOf(transcript)).toMatch(/^\d{3}-\d{3}$/);
    const sealed = seal(sealingKey(base, device.shown.ephemeral, transcript), transcript, Buffer.from('hi'));
    const key = sealingKey(device, base.shown.ephemeral, transcript);
    expect(String(unseal(key, transcript, sealed))).toBe('hi');
  });

  it('has these bytes, whoever computes them: vectors for firmware', () => {
    const [device, base] = [fixedSide(1), fixedSide(11)];
    const said = saidBy(device, base);
    const transcript = transcriptOf(said);
    expect({
      deviceKey: device.shown.key.toString('hex'),
      deviceEphemeral: device.shown.ephemeral.toString('hex'),
      commitment: said.commitment.toString('hex'),
      transcript: transcript.toString('hex'),
      code: codeOf(transcript),
      signature: signTranscript('device', device.identity, transcript).toString('hex').slice(0, 32),
      sealingKey: sealingKey(base, device.shown.ephemeral, transcript).toString('hex'),
    }).toMatchInlineSnapshot(`
      {
        "code": "764-054",
        "commitment": "34375f3ac2ebd89a1649ca3359fc5f465b111328296cc0ac647f182538c40a3d",
        "deviceEphemeral": "ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59",
        "deviceKey": "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "sealingKey": "6b94f7d5bb2790bd6416d030548bb2dd1f938f13197db0f3e079051138bd7259",
        "signature": "b319c56fc10170318f665f361534ef3a",
        "transcript": "125f025de349b53d59df538b9c8ca6ab1501a0bdf6a37e934a5ba6d0be0d4383",
      }
    `);
  });

  it('an impostor between the two, who talks to both, makes the codes differ', () => {
    let agreed = 0;
    for (let n = 0; n < 200; n += 1) {
      const [device, base, impostor] = [
        createSide(newIdentity()),
        createSide(newIdentity()),
        createSide(newIdentity()),
      ];
      // Bound by both commitments before anybody's keys are known, it can only pass on or put its own in.
      const toDevice = transcriptOf(saidBy(device, impostor));
      const toBase = transcriptOf(saidBy(impostor, base));
      if (codeOf(toDevice) === codeOf(toBase)) agreed += 1;
    }
    // One in a million each time.
    expect(agreed).toBeLessThan(2);
  });

  it('a device that shows other keys than those it committed to is found out', () => {
    const [device, other] = [createSide(newIdentity()), createSide(newIdentity())];
    const commitment = commitmentTo(device.shown);
    expect(keepsCommitment(commitment, device.shown)).toBe(true);
    for (const part of ['key', 'ephemeral', 'nonce'] as const) {
      expect(keepsCommitment(commitment, { ...device.shown, [part]: other.shown[part] })).toBe(false);
    }
    expect(keepsCommitment(Buffer.alloc(5), device.shown)).toBe(false);
  });

  it('a signature is good for its side, its key and its transcript only', () => {
    const [device, base] = [createSide(newIdentity()), createSide(newIdentity())];
    const transcript = transcriptOf(saidBy(device, base));
    const signature = signTranscript('device', device.identity, transcript);
    expect(hasSigned('device', device.shown.key, transcript, signature)).toBe(true);
    expect(hasSigned('base', device.shown.key, transcript, signature)).toBe(false);
    expect(hasSigned('device', base.shown.key, transcript, signature)).toBe(false);
    expect(hasSigned('device', device.shown.key, transcriptOf(saidBy(device, base, 'x')), signature)).toBe(
      false,
    );
    expect(hasSigned('device', Buffer.alloc(3), transcript, signature)).toBe(false);
  });

  it('a key without a secret is refused', () => {
    const side = createSide(newIdentity());
    expect(() => sealingKey(side, Buffer.alloc(32), Buffer.alloc(32))).toThrow();
  });

  it('what was sealed cannot be read by another, nor be changed', () => {
    const [device, base, other] = [
      createSide(newIdentity()),
      createSide(newIdentity()),
      createSide(newIdentity()),
    ];
    const transcript = transcriptOf(saidBy(device, base));
    const key = sealingKey(base, device.shown.ephemeral, transcript);
    const sealed = seal(key, transcript, Buffer.from('secret'));
    expect(() => unseal(sealingKey(other, base.shown.ephemeral, transcript), transcript, sealed)).toThrow();
    expect(() => unseal(key, Buffer.alloc(32), sealed)).toThrow();
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(() => unseal(key, transcript, changed)).toThrow();
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (rubbish) => {
        expect(() => unseal(key, transcript, Buffer.from(rubbish))).toThrow();
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
