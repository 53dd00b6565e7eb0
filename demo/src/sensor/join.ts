/** How a WiFi device is let in at a base station, by docs/reference/lan-join.md alone. */
import {
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** The longest that one question may take. */
const ANSWER_MS = 10_000;
const GCM_NONCE = 12;
const GCM_TAG = 16;

/** What a device gets when it is let in. */
export interface Handover {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly mqtt?: number;
  readonly mqtts?: number;
  /** PEM of the one authority to trust. */
  readonly ca?: string;
  /** Below this, with its slash, the device publishes. */
  readonly topics: string;
}

export interface JoinWish {
  /** e.g. `http://192.168.1.20`. */
  readonly baseStation: string;
  readonly name: string;
  /** The device's lasting Ed25519 key. */
  readonly key: KeyObject;
  /** Shows the six digits that a person compares. */
  readonly showCode: (code: string) => void;
  /** Time between two questions. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks until a person has said Allow or Deny. Undefined: Deny. @throws Error for a base station that does not prove
 * itself, or that is gone
 */
export async function join(wish: JoinWish): Promise<Handover | undefined> {
  const { name, signal } = wish;
  const pair = generateKeyPairSync('x25519');
  const [key, ephemeral, nonce] = [raw(createPublicKey(wish.key)), raw(pair.publicKey), randomBytes(16)];
  const commitment = sha256('porchlight lan commit 1\n', key, ephemeral, nonce);
  const begun = await call(wish, 'POST', '', { v: 1, name, commitment: commitment.toString('base64url') });
  const base = {
    key: Buffer.from(begun.base.key, 'base64url'),
    ephemeral: Buffer.from(begun.base.ephemeral, 'base64url'),
    nonce: Buffer.from(begun.base.nonce, 'base64url'),
  };
  const transcript = sha256(
    ...['porchlight lan join 1\n', Buffer.of(name.length), name, commitment],
    ...[base.key, base.ephemeral, base.nonce, key, ephemeral, nonce],
  );
  const signature = sign(
    null,
    Buffer.concat([Buffer.from('porchlight lan device 1\n'), transcript]),
    wish.key,
  );
  const shown = { key, ephemeral, nonce, signature };
  const body = Object.fromEntries(
    Object.entries(shown).map(([part, bytes]) => [part, bytes.toString('base64url')]),
  );
  const proof = await call(wish, 'PUT', `/${begun.id}`, body);
  const signed = Buffer.concat([Buffer.from('porchlight lan base 1\n'), transcript]);
  if (!verify(null, signed, publicKey('Ed25519', base.key), Buffer.from(proof.signature, 'base64url'))) {
    throw new Error('the base station does not hold the key that it shows');
  }
  wish.showCode(codeOf(transcript));
  for (;;) {
    const { state, sealed } = await call(wish, 'GET', `/${begun.id}`);
    if (state === 'denied') return undefined;
    if (state === 'allowed') {
      const secret = diffieHellman({
        privateKey: pair.privateKey,
        publicKey: publicKey('X25519', base.ephemeral),
      });
      const sealing = Buffer.from(hkdfSync('sha256', secret, transcript, 'porchlight lan seal 1', 32));
      const handover = unseal(sealing, transcript, Buffer.from(sealed, 'base64url'));
      await call(wish, 'DELETE', `/${begun.id}`);
      return handover;
    }
    await pause(wish.everyMs, undefined, { signal });
  }
}

/** The members that the answers have, each in some of them. */
interface Answer {
  readonly id: string;
  readonly base: { readonly key: string; readonly ephemeral: string; readonly nonce: string };
  readonly signature: string;
  readonly state: string;
  readonly sealed: string;
}

async function call(
  { baseStation, signal }: JoinWish,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const answer = await fetch(`${baseStation}/porchlight/lan/v1/join${path}`, {
    method,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the base station answers ${answer.status}: ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Answer;
}

function codeOf(transcript: Buffer): string {
  const number = sha256('porchlight lan code 1\n', transcript).readUInt32BE(0) % 1_000_000;
  const digits = String(number).padStart(6, '0');
  return `${digits.slice(0, 3)}-${digits.slice(3)}`;
}

function unseal(key: Buffer, transcript: Buffer, sealed: Buffer): Handover {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, GCM_NONCE), {
    authTagLength: GCM_TAG,
  });
  decipher.setAAD(transcript).setAuthTag(sealed.subarray(-GCM_TAG));
  const plain = decipher.update(sealed.subarray(GCM_NONCE, -GCM_TAG));
  return JSON.parse(Buffer.concat([plain, decipher.final()]).toString('utf8')) as Handover;
}

function sha256(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function raw(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function publicKey(curve: 'Ed25519' | 'X25519', bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: bytes.toString('base64url') }, format: 'jwk' });
}
