import { fingerprintOf } from '@porchlight/protocol';
import ssh2 from 'ssh2';
import type { SecretStore } from '../config/index.ts';

/** The relay's own key (Ed25519): what devices pin when they join. */
export interface HostKey {
  /** OpenSSH private key file text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, without comment. */
  readonly publicKey: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

const SECRET_NAME = 'ssh-host-key';

/** The host key of this relay's database, made when there is none. */
export async function loadHostKey(secrets: SecretStore): Promise<HostKey> {
  const kept = (await secrets.get(SECRET_NAME)) ?? (await secrets.getOrInsert(SECRET_NAME, generate()));
  const parsed = ssh2.utils.parseKey(kept);
  if (parsed instanceof Error) throw new Error("the relay's own SSH host key is damaged", { cause: parsed });
  const blob = parsed.getPublicSSH();
  return {
    privateKey: kept,
    publicKey: `${parsed.type} ${blob.toString('base64')}`,
    fingerprint: await fingerprintOf(blob),
  };
}

/** ssh2 now and then writes an Ed25519 key that does not read back; a fresh one does. */
function generate(): string {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const text = ssh2.utils.generateKeyPairSync('ed25519').private;
    const key = ssh2.utils.parseKey(text);
    if (key instanceof Error) continue;
    const sample = Buffer.from('porchlight');
    // Both give an Error object instead of throwing.
    const signature: unknown = key.sign(sample);
    const verified: unknown = Buffer.isBuffer(signature) && key.verify(sample, signature);
    if (verified === true) return text;
  }
  throw new Error('no usable SSH host key could be made');
}
