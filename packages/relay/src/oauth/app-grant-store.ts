import type { GrantRecord } from '../access/index.ts';

/** What a person lets an app do: all tokens that come from one consent stand on it. */
export interface AppGrantRecord {
  readonly id: string;
  readonly accountId: string;
  /** Of a registered app, or of one of the relay's own. */
  readonly appId: string;
  /** What it is held to. */
  readonly grant: GrantRecord;
  /** The same as a scope text with the devices' names of then, as the app is told it. */
  readonly scope: string;
  /** The scope text that it was an answer to. */
  readonly asked: string;
  /** It may have the link button of a Hue bridge pressed without asking. */
  readonly linkButton: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** Keeps what people let apps do. */
export interface AppGrantStore {
  insert(record: AppGrantRecord): Promise<void>;
  byId(id: string): Promise<AppGrantRecord | undefined>;
  /** Newest first. */
  list(accountId: string): Promise<AppGrantRecord[]>;
  /** Of all accounts. */
  listOfApp(appId: string): Promise<AppGrantRecord[]>;
  used(id: string, at: number): Promise<void>;
  remove(id: string): Promise<boolean>;
  /** Removes those that were not used since, or if never, not made since. */
  removeIdle(before: number): Promise<void>;
}
