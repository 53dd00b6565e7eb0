import type { ApiCaller, Call, CallOptions } from './caller.ts';

/** One page of a listing; `next` is the cursor of the following one, absent on the last. */
export interface Page<T> {
  readonly items: T[];
  readonly next?: string | undefined;
}

/** Which page of a listing. */
export interface PageQuery extends CallOptions {
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 500; 100 when none is given. */
  readonly limit?: number | undefined;
}

/** Every item of a listing, page by page as they are asked for. */
export async function* everyItem<T>(
  caller: ApiCaller,
  path: string,
  { query, signal }: Pick<Call, 'query' | 'signal'> = {},
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await caller.call<Page<T>>('GET', path, { query: { ...query, cursor }, signal });
    yield* page.items;
    // The same cursor again would never end.
    cursor = page.next === cursor ? undefined : page.next;
  } while (cursor !== undefined);
}
