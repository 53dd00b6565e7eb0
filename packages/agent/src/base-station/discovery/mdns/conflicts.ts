/** When a name of ours is another's too (RFC 6762 §8.2 and §9). */
import { dataOf, isSameName, isSameRecord, isUnique, type MdnsRecord } from './records.ts';

/** In the order in which two that want the same name are compared: class is always IN, then type, then data. */
const TYPE_NUMBERS = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, NSEC: 47 } as const;

/**
 * Whether somebody says of a name that is ours alone what we do not say on any interface. A record that is taken back
 * (ttl 0) says nothing, and neither does one that says what there is not.
 */
export function isContested(said: readonly MdnsRecord[], own: readonly MdnsRecord[]): boolean {
  const unique = own.filter(isUnique);
  return said.some(
    (record) =>
      (record.ttl ?? 0) > 0 &&
      record.type !== 'NSEC' &&
      record.type !== 'PTR' &&
      unique.some(({ name }) => isSameName(name, record.name)) &&
      !own.some((each) => isSameRecord(each, record)),
  );
}

/** Whether what another proposes for a name that we want as well goes before what we propose. Our own, looped back, does not. */
export function comesAfter(proposed: readonly MdnsRecord[], own: readonly MdnsRecord[]): boolean {
  const unique = own.filter(isUnique);
  const names = new Set(unique.map(({ name }) => name.toLowerCase()));
  for (const name of names) {
    const theirs = proposed.filter((record) => isSameName(record.name, name));
    if (theirs.every((record) => unique.some((each) => isSameRecord(each, record)))) continue;
    const ours = unique.filter((record) => isSameName(record.name, name));
    if (compareSets(sortable(theirs), sortable(ours)) > 0) return true;
  }
  return false;
}

function sortable(records: readonly MdnsRecord[]): Buffer[] {
  return records
    .map((record) => Buffer.concat([Buffer.of(TYPE_NUMBERS[record.type]), dataOf(record)]))
    .sort(Buffer.compare);
}

/** Record by record; who still has some when the other has none left comes later. */
function compareSets(a: readonly Buffer[], b: readonly Buffer[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    const order = Buffer.compare(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
