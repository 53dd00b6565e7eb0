import { ownerOf } from '../identity.ts';
import type { KeptMessage, MessageStore, Will } from './message-store.ts';
import type { WriteLine } from './write-line.ts';

/** Wills of connected clients, which are kept for the case that the relay itself goes down. */
export class Wills {
  readonly #store: MessageStore;
  readonly #line: WriteLine;
  /** Most clients have none: they cost no query. */
  readonly #clientIds = new Set<string>();

  constructor(store: MessageStore, line: WriteLine) {
    this.#store = store;
    this.#line = line;
  }

  async load(): Promise<void> {
    for (const { clientId } of await this.all()) this.#clientIds.add(clientId);
  }

  all(): Promise<Will[]> {
    return this.#store.wills();
  }

  async put(clientId: string, brokerId: string, message: KeptMessage): Promise<void> {
    this.#clientIds.add(clientId);
    const { accountId, deviceId } = ownerOf(clientId) ?? {};
    await this.#line.add([{ change: 'will', ...message, clientId, brokerId, accountId, deviceId }]);
  }

  async get(clientId: string): Promise<Will | undefined> {
    if (!this.#clientIds.has(clientId)) return undefined;
    await this.#line.settled();
    return (await this.all()).find((will) => will.clientId === clientId);
  }

  /** Gives the one that was there. */
  async remove(clientId: string): Promise<Will | undefined> {
    const will = await this.get(clientId);
    if (!this.#clientIds.delete(clientId)) return undefined;
    await this.#line.add([{ change: 'no-will', clientId }]);
    return will;
  }
}
