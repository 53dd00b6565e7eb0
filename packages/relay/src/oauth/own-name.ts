/** Letters and digits that look like others: Cyrillic, Greek, Armenian, Latin without a dot. `i`, `l` and `1` are one. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ р: 'p', ρ: 'p', о: 'o', ο: 'o', օ: 'o', 0: 'o', г: 'r', ꭇ: 'r', с: 'c', ϲ: 'c' },
    ...{ һ: 'h', н: 'h', հ: 'h', η: 'h', і: 'l', ӏ: 'l', ι: 'l', ı: 'l', ɩ: 'l', i: 'l', 1: 'l' },
    ...{ ɡ: 'g', ց: 'g', 9: 'g', т: 't', τ: 't' },
  }),
);
const OWN = 'porchllght';

/** True for a name that people could take for Porchlight's own, however it is written. */
export function looksLikeOwnName(name: string): boolean {
  const letters = [...name.normalize('NFKD').toLowerCase()].map((sign) => LOOKALIKES.get(sign) ?? sign);
  return letters
    .join('')
    .replace(/[^a-z]/g, '')
    .includes(OWN);
}
