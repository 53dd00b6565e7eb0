/** The thread of key-signer.ts: opens one private key, and signs with it until it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import ssh2 from 'ssh2';
import type { SignerSays } from './key-signer.ts';

const say = (said: SignerSays): void => parentPort?.postMessage(said);
const { key, passphrase } = workerData as { key: string; passphrase: string | undefined };
const parsed = ssh2.utils.parseKey(key, passphrase);

if (parsed instanceof Error) say({ kind: 'problem', problem: explain(parsed.message) });
else if (!parsed.isPrivateKey()) {
  say({ kind: 'problem', problem: 'This is a public key: the private one is needed, the file without .pub' });
} else {
  say({
    kind: 'open',
    publicKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`,
  });
  parentPort?.on('message', ({ data, hash }: { data: Uint8Array; hash: string | undefined }) => {
    // ssh2's types do not know the hash that its `sign` takes.
    const signature: unknown = Reflect.apply(parsed.sign, parsed, [Buffer.from(data), hash]);
    if (Buffer.isBuffer(signature)) say({ kind: 'signed', signature });
    else say({ kind: 'problem', problem: 'The key cannot sign' });
  });
}

/** In words of ours: a parser's message must never show any of the key. */
function explain(message: string): string {
  if (/no passphrase given/i.test(message)) return 'The key has a pass phrase: give it too';
  if (/bad passphrase|integrity check/i.test(message)) return 'The pass phrase of the key is wrong';
  if (/unsupported(?! key format)/i.test(message))
    return 'A key of this kind cannot be used: Ed25519, ECDSA and RSA can';
  return 'This is no private key that can be read: paste the whole file, from BEGIN to END';
}
