/** Prefixes under which services are published on the host for path routes. */

/** Most segments of a prefix: bounds what is looked up for one request. */
export const PREFIX_SEGMENTS_MAX = 4;
/** Longest segment, in characters. */
export const PREFIX_SEGMENT_MAX = 64;

/** Characters that no program encodes or reads in another way (RFC 3986 §2.3), not beginning with a dot. */
const SEGMENT = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/;

/**
 * True for a legal prefix: `/` and one to four segments of letters, digits, `.`, `_`, `~` and `-`, without a slash at
 * the end. A segment that begins with a dot is none: `.`, `..`, and the names that belong to the relay.
 */
export function isPathPrefix(text: string): boolean {
  const segments = prefixSegments(text);
  return (
    text.startsWith('/') &&
    segments.length <= PREFIX_SEGMENTS_MAX &&
    segments.every((segment) => segment.length <= PREFIX_SEGMENT_MAX && SEGMENT.test(segment))
  );
}

/** The segments of a prefix. */
export function prefixSegments(prefix: string): string[] {
  return prefix.slice(1).split('/');
}

/** What people write for a prefix (`zumi01`, `/zumi01/`), as one; undefined when it is none. */
export function toPathPrefix(text: string): string | undefined {
  const prefix = `/${text.trim().replace(/^\/|\/$/g, '')}`;
  return isPathPrefix(prefix) ? prefix : undefined;
}
