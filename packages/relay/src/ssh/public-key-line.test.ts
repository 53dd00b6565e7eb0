import { PorchlightError } from '@porchlight/protocol';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { parsePublicKeyLine } from './public-key-line.ts';

const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, comment: 'ann@laptop' });

function refusal(text: string): string {
  try {
    parsePublicKeyLine(text);
  } catch (error) {
    if (error instanceof PorchlightError && error.code === 'bad_request') return error.message;
    throw error;
  }
  return 'taken';
}

describe('a public key that a person gives', () => {
  it('is read with its comment, whatever spaces, comment lines and ends of lines are around it', () => {
    const [type, base64] = pair.public.split(' ');
    for (const text of [pair.public, `\n# mine\r\n  ${type}\t${base64}   ann@laptop\r\n\n`]) {
      expect(parsePublicKeyLine(text)).toMatchObject({
        publicKey: `${type} ${base64}`,
        comment: 'ann@laptop',
        fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
      });
    }
    expect(parsePublicKeyLine(`${type} ${base64}`).comment).toBe('');
    expect(parsePublicKeyLine(`${type} ${base64} a\x1b[2Jb\u202ec`).comment).toBe('a[2Jbc');
  });

  it('is refused with what it is instead', () => {
    expect(refusal(pair.private)).toMatch(/private key/);
    expect(refusal('PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none')).toMatch(/private key/);
    expect(refusal('---- BEGIN SSH2 PUBLIC KEY ----\nAAAA')).toMatch(/one line/);
    expect(refusal(`${pair.public}\n${pair.public}`)).toMatch(/One key/);
    expect(refusal('ssh-dss AAAAB3NzaC1kc3MAAACBAO')).toMatch(/ssh-dss are not taken/);
    expect(refusal('sk-ssh-ed25519@openssh.com AAAAGnNr')).toMatch(/not taken/);
    expect(refusal('ssh-ed25519-cert-v01@openssh.com AAAAIHNz')).toMatch(/not taken/);
    expect(refusal('hello there')).toMatch(/no public key|cannot be read/);
    expect(refusal('')).toMatch(/no public key/);
    expect(refusal(`ssh-ed25519 ${pair.public.split(' ')[1]}`)).toMatch(/cannot be read/);
    expect(refusal(`ssh-ed25519 ${'A'.repeat(20_000)}`)).toMatch(/too long/);
    expect(refusal(ssh2.utils.generateKeyPairSync('rsa', { bits: 1024 }).public)).toMatch(/too small/);
  });

  it('whatever is pasted: read or refused, nothing else', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ maxLength: 200 }).map((rest) => `ssh-ed25519 ${rest}`),
      fc.uint8Array({ maxLength: 200 }).map((rest) => `ssh-rsa ${Buffer.from(rest).toString('base64')}`),
    );
    fc.assert(
      fc.property(text, (pasted) => void refusal(pasted)),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
