/**
 * Finding parameters in a raw query in every spelling that some server would take for the same name, without touching
 * the bytes of the others. When in doubt a parameter counts as a match: one too many is removed rather than one too few.
 */

/** Most rounds of decoding: a server that decodes twice is met, an endless chain is not followed. */
const DECODE_ROUNDS = 4;

/**
 * The common form of a parameter's name: decoded, lower case, cut where PHP cuts it (NUL, `[`), white space at its ends
 * gone, and `.` and space as `_` as PHP has them.
 */
export function canonicalParameter(raw: string): string {
  let name = raw.replaceAll('+', ' ');
  for (let round = 0; round < DECODE_ROUNDS && name.includes('%'); round++) {
    const decoded = name.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (decoded === name) break;
    name = decoded;
  }
  const end = name.search(/[\0[]/);
  return (end < 0 ? name : name.slice(0, end)).trim().toLowerCase().replace(/[ .]/g, '_');
}

/** True when the query holds a parameter of one of these names (each in canonical form). */
export function hasParameter(query: string | undefined, names: ReadonlySet<string>): boolean {
  return query !== undefined && query !== '' && parts(query).some((part) => named(part, names));
}

/** The query without the parameters of these names (each in canonical form); unchanged when it has none. */
export function withoutParameters(query: string, names: ReadonlySet<string>): string {
  if (!hasParameter(query, names)) return query;
  let kept = '';
  for (const part of parts(query)) {
    if (named(part, names)) continue;
    kept += kept === '' ? part.replace(/^[&;]/, '') : part;
  }
  return kept;
}

/** Each parameter with the separator before it; `;` separates as well, as in older servers. */
function parts(query: string): string[] {
  return query.match(/[&;]?[^&;]+|[&;]/g) ?? [];
}

function named(part: string, names: ReadonlySet<string>): boolean {
  const text = part.replace(/^[&;]/, '');
  const equals = text.indexOf('=');
  return names.has(canonicalParameter(equals < 0 ? text : text.slice(0, equals)));
}
