/**
 * Keeps what the relay itself made at first start: host key, certificate authority, signing keys. In the database
 * and not in files of their own, so that one backup holds everything and several relays share them.
 */
export interface SecretStore {
  get(name: string): Promise<string | undefined>;
  /** Keeps `value` unless there is one already; gives what is kept. Of two racing callers both get the same. */
  getOrInsert(name: string, value: string): Promise<string>;
  set(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
}
