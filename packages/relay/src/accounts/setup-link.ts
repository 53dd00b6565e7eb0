import { PorchlightError } from '@porchlight/protocol';
import type { SecretStore } from '../config/secret-store.ts';
import { hashSecret, newSecret } from '../secrets.ts';
import type { AccountRecord } from './account-store.ts';
import type { Accounts } from './accounts.ts';

const STORED_AS = 'setup-link';
/** Links of so many starts stay valid; only hashes are kept, so that a restart cannot print the old one again. */
const LINKS_MAX = 8;

/** The one-time link by which the first account, an admin, is made. Valid until it is used, over restarts too. */
export class SetupLink {
  readonly #secrets: SecretStore;
  readonly #accounts: Accounts;

  constructor(parts: { secrets: SecretStore; accounts: Accounts }) {
    this.#secrets = parts.secrets;
    this.#accounts = parts.accounts;
  }

  /** True while no account exists. */
  open(): Promise<boolean> {
    return this.#accounts.none();
  }

  /** Makes a token for the link to print at start; undefined when there is an account already. */
  async prepare(): Promise<string | undefined> {
    if (!(await this.open())) {
      await this.#secrets.remove(STORED_AS);
      return undefined;
    }
    const token = newSecret('pls_');
    const hashes = [hashSecret(token), ...(await this.#hashes())].slice(0, LINKS_MAX);
    await this.#secrets.set(STORED_AS, hashes.join(' '));
    return token;
  }

  /** Makes the first account. @throws PorchlightError `expired` (used, or never valid), `busy` */
  async redeem(
    token: string,
    account: { name: string; password: string },
    address: string,
  ): Promise<AccountRecord> {
    if (!(await this.#hashes()).includes(hashSecret(token))) {
      throw new PorchlightError('expired', 'The set-up link is not valid, or was used already');
    }
    const first = await this.#accounts.createFirst({ name: account.name, address }, account);
    await this.#secrets.remove(STORED_AS);
    return first;
  }

  async #hashes(): Promise<string[]> {
    return ((await this.#secrets.get(STORED_AS)) ?? '').split(' ').filter((hash) => hash !== '');
  }
}
