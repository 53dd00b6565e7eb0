import { createSign, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import ssh2, { type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { describeKey, parseOfferedKey, provesKey } from './device-key.ts';

function rsa(bits: number): { pem: string; key: ParsedKey } {
  const format = { type: 'pkcs1', format: 'pem' } as const;
  const { privateKey: pem } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: format,
    publicKeyEncoding: format,
  });
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return { pem, key };
}

function offered(data: Buffer): ParsedKey | undefined {
  return parseOfferedKey({ key: { algo: 'any', data } } as PublicKeyAuthContext);
}

/** An RSA key blob (RFC 4253 §6.6) with a modulus of so many bytes. */
function rsaBlob(modulusBytes: number): Buffer {
  const text = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.alloc(modulusBytes, 0xff)]);
  return Buffer.concat([text(Buffer.from('ssh-rsa')), text(Buffer.from([1, 0, 1])), text(modulus)]);
}

describe('the key that a client offers', () => {
  it('RSA from 2048 to 8192 bit', () => {
    expect([1024, 2048, 4096, 8192, 16_384].map((bits) => offered(rsaBlob(bits / 8)) !== undefined)).toEqual([
      ...[false, true, true, true, false],
    ]);
  });

  it('any bytes: a key of a kind that we take, or none', () => {
    const blob = rsaBlob(256);
    const cut = fc.tuple(fc.nat(blob.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(blob);
      copy[at] = byte;
      return copy;
    });
    const bytes = fc.uint8Array({ maxLength: 2_000 }).map((some) => Buffer.from(some));
    fc.assert(
      fc.property(fc.oneof(cut, bytes), (data) => {
        const key = offered(data);
        if (key !== undefined) expect(describeKey(key).fingerprint).toMatch(/^SHA256:/);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('the proof', () => {
  const { pem, key } = rsa(2048);
  const blob = Buffer.from('session identifier and request');
  const proves = (algorithm: string, hashAlgo: string | undefined, over = blob): boolean => {
    const signature = createSign(algorithm).update(over).sign(pem);
    return provesKey({ signature, blob, hashAlgo } as PublicKeyAuthContext, key);
  };

  it('RSA with SHA-2', () => {
    expect(proves('RSA-SHA256', 'sha256')).toBe(true);
    expect(proves('RSA-SHA512', 'sha512')).toBe(true);
  });

  it('never with SHA-1, under whatever name', () => {
    for (const name of [undefined, '', 'sha1', 'sha256', 'sha512', 'md5'])
      expect(proves('RSA-SHA1', name), String(name)).toBe(false);
  });

  it('not over other data, and not without a signature', () => {
    expect(proves('RSA-SHA256', 'sha256', Buffer.from('another session'))).toBe(false);
    expect(provesKey({ blob, hashAlgo: 'sha256' } as PublicKeyAuthContext, key)).toBe(false);
    const signature = Buffer.alloc(0);
    expect(provesKey({ signature, blob, hashAlgo: 'sha256' } as PublicKeyAuthContext, key)).toBe(false);
  });
});
