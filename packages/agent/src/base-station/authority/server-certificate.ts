import type { JsonGeneralNames } from '@peculiar/x509';
import { type Authority, makeServerCertificate } from './authority.ts';

/** The certificate of the broker's port with TLS, for the names and addresses that this machine has. */
export class ServerCertificate {
  readonly #authority: Authority;
  readonly #names: () => JsonGeneralNames;
  #for = '';
  #made = { key: '', chain: '' };

  private constructor(authority: Authority, names: () => JsonGeneralNames) {
    this.#authority = authority;
    this.#names = names;
  }

  static async make(authority: Authority, names: () => JsonGeneralNames): Promise<ServerCertificate> {
    const certificate = new ServerCertificate(authority, names);
    await certificate.look();
    return certificate;
  }

  /** PEM. */
  get pair(): { readonly key: string; readonly chain: string } {
    return this.#made;
  }

  /** Makes another one if names or addresses have changed. @returns whether they had */
  async look(): Promise<boolean> {
    const names = this.#names();
    const text = JSON.stringify(names);
    if (text === this.#for) return false;
    this.#made = await makeServerCertificate(this.#authority, names);
    this.#for = text;
    return true;
  }
}
