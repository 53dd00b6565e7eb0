import { Worker } from 'node:worker_threads';
import { PorchlightError } from '@porchlight/protocol';

/**
 * Opening a key with a pass phrase takes 0.4 s for the usual 16 rounds of bcrypt and 3 s for 100 (measured on this
 * project's machines); more than that is a slip or an attack.
 */
const OPEN_MAX_MS = 15_000;
const SIGN_MAX_MS = 5_000;
/** Keys open at the same time, in all and of one account; each has a thread of its own, for as long as a device asks. */
const SIGNERS_MAX = 8;
const PER_ACCOUNT_MAX = 3;
/** Room for a thread, in MB. */
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** What the thread says. */
export type SignerSays =
  | { readonly kind: 'open'; readonly publicKey: string }
  | { readonly kind: 'signed'; readonly signature: Uint8Array }
  | { readonly kind: 'problem'; readonly problem: string };

/** A private key in a thread of its own: slow keys hold up nobody else, and its memory goes when the thread ends. */
export interface KeySigner {
  /** One line as in OpenSSH's authorized_keys. */
  readonly publicKey: string;
  /** @param hash as ssh2 names it, for RSA: `sha256` or `sha512` */
  sign(data: Uint8Array, hash: string | undefined): Promise<Uint8Array>;
  /** Ends the thread, and with it the key. Idempotent. */
  close(): void;
}

/** By account. */
const open = new Map<string, number>();

/**
 * Opens a private key. @throws PorchlightError `bad_request` with what is wrong with it, `busy`; never with any of it
 */
export async function openKeySigner(
  accountId: string,
  key: string,
  passphrase: string | undefined,
): Promise<KeySigner> {
  const leave = enter(accountId);
  const worker = new Worker(new URL('./key-signer-thread.ts', import.meta.url), {
    workerData: { key, passphrase },
    resourceLimits: MEMORY,
    // Nothing of the relay's is of use there.
    env: {},
  });
  worker.unref();
  worker.once('exit', leave);
  // One that comes when nobody waits for the thread any more, such as of its memory, must not end the relay.
  worker.on('error', () => undefined);
  const close = (): void => void worker.terminate();
  try {
    const said = await heard(worker, OPEN_MAX_MS);
    if (said.kind !== 'open') throw new PorchlightError('bad_request', problemOf(said));
    return {
      publicKey: said.publicKey,
      async sign(data, hash) {
        worker.postMessage({ data, hash });
        const answer = await heard(worker, SIGN_MAX_MS);
        if (answer.kind !== 'signed') throw new PorchlightError('bad_request', problemOf(answer));
        return answer.signature;
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Takes a place, and gives what frees it. @throws PorchlightError `busy` */
function enter(accountId: string): () => void {
  const own = open.get(accountId) ?? 0;
  const all = [...open.values()].reduce((sum, count) => sum + count, 0);
  if (all >= SIGNERS_MAX) throw new PorchlightError('busy');
  if (own >= PER_ACCOUNT_MAX) {
    throw new PorchlightError(
      'busy',
      `You have ${own} keys in use in other terminals: finish signing in there`,
    );
  }
  open.set(accountId, own + 1);
  return () => {
    const left = (open.get(accountId) ?? 1) - 1;
    if (left === 0) open.delete(accountId);
    else open.set(accountId, left);
  };
}

function problemOf(said: SignerSays): string {
  return said.kind === 'problem' ? said.problem : 'The key cannot be used';
}

/** The next thing that the thread says. */
function heard(worker: Worker, withinMs: number): Promise<SignerSays> {
  return new Promise((resolve, reject) => {
    const done = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('error', onEnd);
      worker.off('exit', onEnd);
      act();
    };
    const onMessage = (said: SignerSays): void => done(() => resolve(said));
    const onEnd = (): void =>
      done(() => reject(new PorchlightError('bad_request', 'The key cannot be read: it asks for too much')));
    const timer = setTimeout(onEnd, withinMs);
    worker.on('message', onMessage);
    worker.on('error', onEnd);
    worker.on('exit', onEnd);
  });
}
