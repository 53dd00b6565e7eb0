import { PREFIX_SEGMENTS_MAX, type RequestPath } from '@porchlight/protocol';

/** The prefixes under which a path may be published, longest first: at most four. */
export function prefixesOf(path: RequestPath): string[] {
  const prefixes: string[] = [];
  let prefix = '';
  for (const segment of path.segments.slice(0, PREFIX_SEGMENTS_MAX)) {
    prefix += `/${segment}`;
    prefixes.unshift(prefix);
  }
  return prefixes;
}

/** True for a request to the prefix itself, without the slash that relative links of its page need. */
export function isBarePrefix(path: RequestPath, segments: number): boolean {
  return path.segments.length === segments && !path.trailingSlash;
}

/**
 * The request target without the first `segments` segments, query and all, as it was sent. It is counted in the very
 * segments that were matched: none is empty and none holds an encoded slash, so raw and decoded ones stand side by side.
 */
export function withoutPrefix(path: RequestPath, segments: number): string {
  let at = 0;
  for (let count = 0; count < segments; count += 1) {
    const next = path.path.indexOf('/', at + 1);
    at = next < 0 ? path.path.length : next;
  }
  const rest = path.path.slice(at);
  return `${rest === '' ? '/' : rest}${path.query === undefined ? '' : `?${path.query}`}`;
}

/** True if an absolute path is the prefix itself or below it, by whole segments. */
export function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
