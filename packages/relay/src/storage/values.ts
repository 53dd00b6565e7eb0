import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from './schema.ts';

/** Longest text kept of what comes from outside without a limit of its own (user agents, reasons), in characters. */
export const FREE_TEXT_MAX = 500;

/**
 * Text from outside, as both databases can keep it: at most `max` characters, well-formed, without NUL
 * (PostgreSQL refuses it, and one such text would fail a batch with everybody else's facts in it).
 */
export function keepable(text: string, max = FREE_TEXT_MAX): string {
  return text.slice(0, max).toWellFormed().replaceAll('\0', '');
}

/**
 * `facts` as a table with one column `value`, an object each: `value ->> 'key'`. One parameter however many
 * there are, so that a batch of any size is one prepared statement.
 */
export function factTable(kind: DatabaseKind, facts: readonly object[]): RawBuilder<unknown> {
  const json = JSON.stringify(facts);
  return kind === 'sqlite'
    ? sql`(select value from json_each(${json})) as fact`
    : sql`(select value from json_array_elements(cast(${json} as json))) as fact`;
}

/** Merges facts about the same thing, earlier ones first: one statement may touch a row only once. */
export function mergedBy<T>(facts: readonly T[], key: (fact: T) => string, merge: (a: T, b: T) => T): T[] {
  const merged = new Map<string, T>();
  for (const fact of facts) {
    const before = merged.get(key(fact));
    merged.set(key(fact), before === undefined ? fact : merge(before, fact));
  }
  return [...merged.values()];
}
