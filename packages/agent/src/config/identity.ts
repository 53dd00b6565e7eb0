import { join } from 'node:path';
import { fingerprintOf } from '@porchlight/protocol';
import ssh2 from 'ssh2';
import { ConfigError, systemErrorCode } from './config-error.ts';
import { createFile, readTextFile } from './files.ts';
import { Secret } from './secret.ts';

const IDENTITY_FILE = 'identity';
const IDENTITY_BYTES_MAX = 16 * 1024;
const READABLE_BY_OTHERS = 0o077;
/** ssh2 now and then writes an Ed25519 key that does not read back; a fresh one does. */
const ATTEMPTS = 8;

/** The device's own key (Ed25519): who it is to the relay. */
export interface Identity {
  /** Private key in OpenSSH's format. */
  readonly privateKey: Secret;
  /** One line as in `authorized_keys`, without a comment. */
  readonly publicKey: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/**
 * Reads the key file `identity` in the data folder, and makes it (mode 0600) if there is none. A file that is there is
 * never written to.
 * @throws ConfigError when it is no Ed25519 key, or others may read it
 */
export async function openIdentity(dataFolder: string): Promise<Identity> {
  const path = join(dataFolder, IDENTITY_FILE);
  return (await readIdentity(path)) ?? (await makeIdentity(path));
}

async function makeIdentity(path: string): Promise<Identity> {
  try {
    await createFile(path, generate(), 0o600);
  } catch (error) {
    // EEXIST: another process was faster; its key counts.
    if (systemErrorCode(error) !== 'EEXIST') {
      throw new ConfigError(`${path} cannot be written (${systemErrorCode(error)}): check folder and disk`, {
        cause: error,
      });
    }
  }
  const made = await readIdentity(path);
  if (made === undefined) throw new ConfigError(`${path} vanished while it was made: try again`);
  return made;
}

function generate(): string {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const key = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'porchlight-agent' });
    if (publicBlob(key.private) !== undefined) return key.private;
  }
  throw new ConfigError('no usable key could be made: report this with the version of Node');
}

async function readIdentity(path: string): Promise<Identity | undefined> {
  let file: Awaited<ReturnType<typeof readTextFile>>;
  try {
    file = await readTextFile(path, IDENTITY_BYTES_MAX);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read (${systemErrorCode(error)}): give it to this user`, {
      cause: error,
    });
  }
  if ((file.mode & READABLE_BY_OTHERS) !== 0) {
    throw new ConfigError(`other users may read the private key ${path}: chmod 600 ${path}`);
  }
  const blob = publicBlob(file.text);
  if (blob === undefined) {
    throw new ConfigError(
      `${path} is no Ed25519 private key in OpenSSH's format: restore it from a backup, or move it away and join again`,
    );
  }
  return {
    privateKey: new Secret(file.text),
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
    fingerprint: await fingerprintOf(blob),
  };
}

/** The public half (RFC 8709 §4) of a private key that works; undefined otherwise. */
function publicBlob(privateKey: string): Buffer | undefined {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error || !key.isPrivateKey() || key.type !== 'ssh-ed25519') return undefined;
  const sample = Buffer.from('porchlight');
  // Both give an Error object instead of throwing.
  const signature: unknown = key.sign(sample);
  const verified: unknown = Buffer.isBuffer(signature) && key.verify(sample, signature);
  if (verified !== true) return undefined;
  return key.getPublicSSH();
}
