import { PorchlightError } from '@porchlight/protocol';
import type { Role } from '@porchlight/protocol/api';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import { newId } from '../secrets.ts';
import type { AccountRecord, AccountStore } from './account-store.ts';
import { InTurn } from './in-turn.ts';
import type { Passwords } from './passwords.ts';
import type { Sessions } from './sessions.ts';

/** Who makes a change, for the audit log: an account's name or `relay`. */
export interface Actor {
  readonly name: string;
  readonly address: string | undefined;
}

interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly role: Role;
}

/**
 * People of the relay. Names and passwords come validated (protocol `accountName`, `password`). Changes run one
 * after the other, so that two of them cannot remove the last admin together.
 */
export class Accounts {
  readonly #store: AccountStore;
  readonly #sessions: Sessions;
  readonly #passwords: Passwords;
  readonly #audit: Audit;
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #changes = new InTurn();

  constructor(parts: {
    store: AccountStore;
    sessions: Sessions;
    passwords: Passwords;
    audit: Audit;
    events: EventBus;
    clock: Clock;
  }) {
    this.#store = parts.store;
    this.#sessions = parts.sessions;
    this.#passwords = parts.passwords;
    this.#audit = parts.audit;
    this.#events = parts.events;
    this.#clock = parts.clock;
  }

  byId(id: string): Promise<AccountRecord | undefined> {
    return this.#store.byId(id);
  }

  byName(name: string): Promise<AccountRecord | undefined> {
    return this.#store.byName(name);
  }

  list(page: Parameters<AccountStore['list']>[0]): Promise<AccountRecord[]> {
    return this.#store.list(page);
  }

  /** True while the relay has no account. */
  async none(): Promise<boolean> {
    return (await this.#store.count()) === 0;
  }

  /** @throws PorchlightError `name_taken`, `busy` */
  create(actor: Actor, account: NewAccount): Promise<AccountRecord> {
    return this.#changes.run(() => this.#create(actor, account));
  }

  /** Makes the first account, an admin. @throws PorchlightError `expired` when there is an account already; `busy` */
  createFirst(actor: Actor, account: Omit<NewAccount, 'role'>): Promise<AccountRecord> {
    return this.#changes.run(async () => {
      if (!(await this.none())) throw new PorchlightError('expired', 'This relay has been set up already');
      return this.#create(actor, { ...account, role: 'admin' });
    });
  }

  /** With its sessions, tokens and devices. @throws PorchlightError `not_found`, `conflict` (last admin) */
  remove(actor: Actor, id: string): Promise<void> {
    return this.#changes.run(async () => {
      const account = await this.#needed(id);
      if (account.role === 'admin') await this.#refuseLastAdmin('removed');
      await this.#sessions.endOthers(id, undefined);
      await this.#store.remove(id);
      this.#events.publish({ type: 'account-removed', accountId: id });
      this.#write(actor, 'account.removed', account, undefined);
    });
  }

  /** @throws PorchlightError `not_found`, `conflict` (last admin) */
  setRole(actor: Actor, id: string, role: Role): Promise<void> {
    return this.#changes.run(async () => {
      const account = await this.#needed(id);
      if (account.role === role) return;
      if (account.role === 'admin') await this.#refuseLastAdmin('made a member');
      await this.#store.update(id, { role });
      this.#events.publish({ type: 'account-changed', accountId: id });
      this.#write(actor, 'account.role-changed', account, undefined, { role });
    });
  }

  /** Sets a forgotten password and ends all sessions. @throws PorchlightError `not_found`, `busy` */
  async setPassword(actor: Actor, id: string, password: string): Promise<void> {
    const account = await this.#needed(id);
    await this.#store.update(id, { passwordHash: await this.#passwords.hash(password), upstream: false });
    await this.#sessions.endOthers(id, undefined);
    this.#events.publish({ type: 'password-changed', accountId: id });
    this.#write(actor, 'account.password-changed', account, id);
  }

  /** Changes one's own and ends the other sessions. @throws PorchlightError `wrong_credentials`, `busy` */
  async changePassword(
    actor: Actor,
    who: { accountId: string; sessionId: string },
    change: { current: string; next: string },
  ): Promise<void> {
    const account = await this.#needed(who.accountId);
    if (!(await this.#passwords.verify(account.passwordHash, change.current))) {
      throw new PorchlightError('wrong_credentials', 'The present password is wrong');
    }
    await this.#store.update(account.id, {
      passwordHash: await this.#passwords.hash(change.next),
      upstream: false,
    });
    await this.#sessions.endOthers(account.id, who.sessionId);
    this.#events.publish({ type: 'password-changed', accountId: account.id });
    this.#write(actor, 'account.password-changed', account, account.id);
  }

  /**
   * Takes over somebody whom the upstream emoncms knows, as a member; or the new password that they have there. Only
   * accounts that came from there are changed.
   * @throws PorchlightError `name_taken` (an account of this relay's own), `wrong_credentials` (before there is an admin),
   * `busy`
   */
  adopt(actor: Actor, { name, password }: { name: string; password: string }): Promise<AccountRecord> {
    return this.#changes.run(async () => {
      const known = await this.#store.byName(name);
      if (known === undefined) {
        // The first account is the admin's, made with the set-up link.
        if (await this.none()) throw new PorchlightError('wrong_credentials');
        return this.#create(actor, { name, password, role: 'member' }, true);
      }
      if (known.upstream !== true) throw new PorchlightError('name_taken');
      const passwordHash = await this.#passwords.hash(password);
      await this.#store.update(known.id, { passwordHash });
      await this.#sessions.endOthers(known.id, undefined);
      this.#events.publish({ type: 'password-changed', accountId: known.id });
      this.#write(actor, 'account.password-changed', known, known.id, { by: 'upstream' });
      return { ...known, passwordHash };
    });
  }

  async #create(
    actor: Actor,
    { name, password, role }: NewAccount,
    upstream = false,
  ): Promise<AccountRecord> {
    if ((await this.#store.byName(name)) !== undefined) throw new PorchlightError('name_taken');
    const passwordHash = await this.#passwords.hash(password);
    const account = { id: newId(), name, role, passwordHash, createdAt: this.#clock.now(), upstream };
    await this.#store.insert(account);
    this.#write(actor, 'account.created', account, undefined, upstream ? { role, by: 'upstream' } : { role });
    return account;
  }

  async #needed(id: string): Promise<AccountRecord> {
    const account = await this.#store.byId(id);
    if (account === undefined) throw new PorchlightError('not_found');
    return account;
  }

  async #refuseLastAdmin(fate: string): Promise<void> {
    if ((await this.#store.count({ role: 'admin' })) > 1) return;
    throw new PorchlightError(
      'conflict',
      `The last admin cannot be ${fate}; make another account admin first`,
    );
  }

  #write(
    actor: Actor,
    action: 'account.created' | 'account.removed' | 'account.role-changed' | 'account.password-changed',
    account: AccountRecord,
    accountId: string | undefined,
    detail: Record<string, string> = {},
  ): void {
    this.#audit.append({
      accountId,
      at: this.#clock.now(),
      actor: actor.name,
      action,
      target: account.name,
      address: actor.address,
      detail,
    });
  }
}
