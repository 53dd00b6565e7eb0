import { PorchlightError } from '@porchlight/protocol';
import { isForeignKeyViolation, StorageError } from './storage-error.ts';

/** Says what an error of the database means; undefined when it is none of the known ones. */
export type Explain = (error: unknown) => StorageError | undefined;

/** What all stores of one database have in common: they end together, and their errors are put into words once. */
export interface Lifetime {
  /** The store, whose calls are counted while under way and refused after the end. */
  wrap<S extends object>(store: S): S;
  /** Refuses further calls, and resolves when those under way are done. */
  end(): Promise<void>;
}

export function createLifetime(explain: Explain): Lifetime {
  const underWay = new Set<Promise<unknown>>();
  let ended = false;

  async function call(run: () => Promise<unknown>): Promise<unknown> {
    if (ended) throw new StorageError('The database is closed: the relay is stopping.');
    const promise = run();
    underWay.add(promise);
    try {
      return await promise;
    } catch (error) {
      if (isForeignKeyViolation(error)) {
        throw new PorchlightError('not_found', 'The account or device is gone', { cause: error });
      }
      throw explain(error) ?? error;
    } finally {
      underWay.delete(promise);
    }
  }

  return {
    wrap(store) {
      const methods = Object.entries(store) as [string, (...args: unknown[]) => Promise<unknown>][];
      return Object.fromEntries(
        methods.map(([name, method]) => [name, (...args: unknown[]) => call(() => method(...args))]),
      ) as typeof store;
    },
    async end() {
      ended = true;
      await Promise.allSettled(underWay);
    },
  };
}
