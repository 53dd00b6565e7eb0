import ssh2, { type IdentityCallback, type SignCallback, type SigningRequestOptions } from 'ssh2';
import type { KeySigner } from './key-signer.ts';

/** One key in a thread, as ssh2 asks an agent for it. */
export class SignerAgent extends ssh2.BaseAgent<string> {
  readonly #signer: KeySigner;

  constructor(signer: KeySigner) {
    super();
    this.#signer = signer;
  }

  override getIdentities(done: IdentityCallback<string>): void {
    done(undefined, [this.#signer.publicKey]);
  }

  override sign(
    _key: string,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const tell = typeof options === 'function' ? options : done;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#signer.sign(data, hash).then(
      (signature) => tell?.(undefined, Buffer.from(signature)),
      (error: unknown) => tell?.(error instanceof Error ? error : new Error('the key did not sign')),
    );
  }
}
