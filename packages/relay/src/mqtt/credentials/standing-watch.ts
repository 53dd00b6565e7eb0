import type { AccountRecord } from '../../accounts/index.ts';
import type { Clock } from '../../clock.ts';
import type { MqttConnection } from '../mqtt-connection.ts';
import type { MqttCredentialStore } from './credential-store.ts';

export interface StandingWatchParts {
  readonly connections: () => Iterable<MqttConnection>;
  readonly credentials: Pick<MqttCredentialStore, 'standing'>;
  readonly accounts: { byId(id: string): Promise<AccountRecord | undefined> };
  /** Does the password with which a connection signed in still fit this account? */
  readonly fits: (connection: MqttConnection, account: AccountRecord) => boolean;
  /** A credential is gone: whoever came in with it has to go. */
  readonly onRevoked: (connection: MqttConnection, credentialId: string) => void;
  readonly clock: Clock;
  readonly lookMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks whether what connections signed in with still stands: `porchlight relay mqtt revoke` and its like change the
 * records beside the running relay, and so does another relay on the same database.
 */
export class StandingWatch {
  readonly #parts: StandingWatchParts;
  readonly #cancel: () => void;
  #looking = false;

  constructor(parts: StandingWatchParts) {
    this.#parts = parts;
    this.#cancel = parts.clock.every(parts.lookMs, () => void this.#look());
  }

  close(): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    // A database that is slow must not pile up looks.
    if (this.#looking) return;
    this.#looking = true;
    try {
      const connections = [...this.#parts.connections()];
      await this.#lookAtCredentials(connections);
      await this.#lookAtPasswords(connections.filter(({ identity }) => identity.kind === 'account'));
    } catch (error) {
      this.#parts.onError(error);
    } finally {
      this.#looking = false;
    }
  }

  async #lookAtCredentials(connections: readonly MqttConnection[]): Promise<void> {
    const byCredential = new Map<string, MqttConnection>();
    for (const one of connections) {
      if (one.identity.credentialId !== undefined) byCredential.set(one.identity.credentialId, one);
    }
    if (byCredential.size === 0) return;
    const standing = await this.#parts.credentials.standing([...byCredential.keys()]);
    for (const [id, connection] of byCredential) {
      if (!standing.has(id)) this.#parts.onRevoked(connection, id);
    }
  }

  async #lookAtPasswords(connections: readonly MqttConnection[]): Promise<void> {
    for (const id of new Set(connections.map(({ identity }) => identity.accountId))) {
      const account = id === undefined ? undefined : await this.#parts.accounts.byId(id);
      for (const one of connections) {
        if (one.identity.accountId !== id) continue;
        if (account === undefined) one.end('the account was removed');
        else if (!this.#parts.fits(one, account)) one.end('the password was changed');
      }
    }
  }
}
