/** Longest path below the base, in parts: what is deeper is a loop of the caller's. */
const PARTS_MAX = 64;

/**
 * One part of a path as it is sent. A part never becomes more than one: separators and dot segments are refused rather
 * than encoded, for servers on the way may decode them (RFC 3986 §6.2.2).
 * @throws TypeError
 */
export function encodePart(part: string | number): string {
  const text = String(part);
  if (text === '' || text === '.' || text === '..') throw new TypeError(`"${text}" is no part of a path`);
  // oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
  if (/[/\\\x00-\x1f\x7f]/.test(text)) {
    throw new TypeError('A part of a path has no slash, backslash or control character in it');
  }
  if (!text.isWellFormed()) throw new TypeError('A part of a path is well-formed Unicode');
  return encodeURIComponent(text);
}

/** The path of parts that are encoded already, one more behind them. @throws TypeError */
export function withPart(parts: readonly string[], part: string | number): readonly string[] {
  if (parts.length >= PARTS_MAX) throw new TypeError(`A path has ${PARTS_MAX} parts at most`);
  return [...parts, encodePart(part)];
}

/** A base without slashes at its end. @throws TypeError for one that could not be put before a path */
export function parseBase(base: string | URL): string {
  const text = String(base);
  const url = new URL(text, 'http://service.invalid');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError('Give a base of http or https');
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new TypeError('Give a base without query, fragment, user name and password');
  }
  const path = url.pathname.replace(/\/+$/, '');
  return text.startsWith('/') && !text.startsWith('//') ? path : `${url.origin}${path}`;
}
