import { PorchlightError } from '@porchlight/protocol';
import { type DeviceKey, describeKey, parseKeyBlob } from './device-key.ts';

const LINE_MAX = 16_384;
const COMMENT_MAX = 100;
/** Names of keys that exist, and that we do not take. */
const NOT_TAKEN = /^(?:ssh-dss|sk-|ssh-.*-cert-|rsa-sha2-.*-cert-|ecdsa-.*-cert-)/;

/** A public key as people have it in a file, with the comment at its end (`''`: none). */
export interface PublicKeyLine extends DeviceKey {
  readonly comment: string;
}

/**
 * Reads one line of a `.pub` file (`<type> <base64> <comment>`) that a person pasted or put into a file.
 * @throws PorchlightError `bad_request` that says what it is instead
 */
export function parsePublicKeyLine(text: string): PublicKeyLine {
  if (text.length > LINE_MAX) throw wrong('That is too long for a public key');
  if (/PRIVATE KEY|PuTTY-User-Key-File/.test(text)) {
    throw wrong('That is a private key, which nobody else may have: paste the .pub file instead');
  }
  if (text.includes('BEGIN')) {
    throw wrong('A public key is one line, as in a .pub file; ssh-keygen -i turns other forms into it');
  }
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const [line = ''] = lines;
  if (lines.length > 1) throw wrong('One key at a time, please: that is more than one line');
  const [type = '', base64 = '', ...rest] = line.trim().split(/[ \t]+/);
  if (NOT_TAKEN.test(type)) {
    throw wrong(`Keys of type ${shown(type)} are not taken; ssh-keygen -t ed25519 makes one that is`);
  }
  if (!/^[a-z0-9@.-]+$/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw wrong('That is no public key: it begins with its type, such as "ssh-ed25519 AAAA…"');
  }
  const key = parseKeyBlob(Buffer.from(base64, 'base64'));
  if (key === undefined || key.type !== type) {
    throw wrong(
      'That public key cannot be read, or is too small; Ed25519, ECDSA, and RSA of 2048 to 8192 bit are taken',
    );
  }
  return { ...describeKey(key), comment: printable(rest.join(' ')).slice(0, COMMENT_MAX) };
}

function wrong(message: string): PorchlightError {
  return new PorchlightError('bad_request', message);
}

function shown(type: string): string {
  return printable(type).slice(0, 60);
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim();
}
