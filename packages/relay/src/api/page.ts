/** One page of what was asked for with one more than `limit`, so that it is known whether there is more. */
export function pageFrom<T, V>(
  found: readonly T[],
  limit: number,
  view: (item: T) => V,
  cursorOf: (item: T) => string,
): { items: V[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map((item) => view(item)),
    ...(found.length > limit && last !== undefined ? { next: cursorOf(last) } : {}),
  };
}
