/**
 * The one reading of a request target (RFC 9112 §3.2.1) that relay and device agree on. Whatever two programs could
 * read in two ways is refused here, so that a rule never matches one path while the server behind opens another.
 */

/** Longest request target, in bytes. */
export const REQUEST_TARGET_MAX = 8 * 1024;
/** Most segments of a path: bounds the work of matching. */
export const PATH_SEGMENTS_MAX = 128;

/** Why a target is refused. */
export const PATH_PROBLEMS = {
  too_long: `the request target is longer than ${REQUEST_TARGET_MAX} bytes`,
  too_many_segments: `the path has more than ${PATH_SEGMENTS_MAX} segments`,
  not_origin_form: 'the request target does not begin with a slash',
  illegal_character: 'the request target has a raw space, control character, "#" or non-ASCII character',
  backslash: 'the path has a backslash',
  parameter: 'the path has a semicolon',
  empty_segment: 'the path has an empty segment ("//")',
  dot_segment: 'the path has a "." or ".." segment',
  bad_escape: 'the path has a "%" that is not followed by two hexadecimal digits',
  bad_utf8: 'the percent-encoding in the path is not valid UTF-8',
  encoded_separator: 'the path has an encoded slash, backslash or semicolon',
  encoded_control: 'the path has an encoded control character',
  double_encoding: 'the path is percent-encoded twice',
  look_alike: 'the path has a character that some programs take for a slash, backslash, semicolon or dot',
} as const;
export type PathProblem = keyof typeof PATH_PROBLEMS;

export interface RequestPath {
  readonly ok: true;
  /** The path as it was sent, without the query; safe to pass on. */
  readonly path: string;
  /** Decoded segments; none is empty, and `/` has none. */
  readonly segments: readonly string[];
  /** The path ends with a slash (always so for `/`). */
  readonly trailingSlash: boolean;
  /** What follows the first `?`, as it was sent; undefined without one. */
  readonly query: string | undefined;
}

export interface RefusedPath {
  readonly ok: false;
  readonly problem: PathProblem;
  /** For people; holds nothing of the target itself. */
  readonly reason: string;
}

// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const PATH_ILLEGAL = /[^\x21-\x7e]|#/;
/** Some clients send raw UTF-8 in a query; its octets carry no meaning for us. */
// oxlint-disable-next-line no-control-regex -- as above
const QUERY_ILLEGAL = /[\x00-\x20\x7f#]/;
const BROKEN_ESCAPE = /%(?![0-9a-fA-F]{2})/;
const ESCAPE = /%[0-9a-fA-F]{2}/;

/**
 * Reads a request target of origin form; never throws.
 * Percent-encoding is decoded exactly once; whatever would still look encoded after that is refused.
 */
export function parseRequestPath(target: string): RequestPath | RefusedPath {
  if (target.length > REQUEST_TARGET_MAX) return refuse('too_long');
  if (target.charCodeAt(0) !== 0x2f) return refuse('not_origin_form');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  if (PATH_ILLEGAL.test(path) || (query !== undefined && QUERY_ILLEGAL.test(query))) {
    return refuse('illegal_character');
  }
  if (path.includes('\\')) return refuse('backslash');
  if (path.includes(';')) return refuse('parameter');
  if (path === '/') return { ok: true, path, segments: [], trailingSlash: true, query };

  const trailingSlash = path.endsWith('/');
  const raw = path.slice(1, trailingSlash ? -1 : undefined).split('/');
  if (raw.length > PATH_SEGMENTS_MAX) return refuse('too_many_segments');
  const segments: string[] = [];
  for (const part of raw) {
    const segment = part.includes('%') ? decode(part) : part;
    if (typeof segment !== 'string') return segment;
    const problem = problemOf(segment);
    if (problem !== undefined) return refuse(problem);
    segments.push(segment);
  }
  return { ok: true, path, segments, trailingSlash, query };
}

function refuse(problem: PathProblem): RefusedPath {
  return { ok: false, problem, reason: PATH_PROBLEMS[problem] };
}

function decode(raw: string): string | RefusedPath {
  if (BROKEN_ESCAPE.test(raw)) return refuse('bad_escape');
  try {
    return decodeURIComponent(raw); // throws for overlong forms, surrogates and cut sequences
  } catch (error) {
    if (error instanceof URIError) return refuse('bad_utf8');
    throw error;
  }
}

function problemOf(segment: string): PathProblem | undefined {
  if (segment === '') return 'empty_segment';
  if (segment === '.' || segment === '..') return 'dot_segment';
  if (/[/\\;]/.test(segment)) return 'encoded_separator';
  if (/\p{Cc}/u.test(segment)) return 'encoded_control';
  if (ESCAPE.test(segment)) return 'double_encoding';
  if (/^[\x20-\x7e]*$/.test(segment)) return undefined;
  // Compatibility forms (U+FF0F full-width solidus, U+2024 one dot leader) become ASCII in some servers.
  const folded = segment.normalize('NFKC');
  const risky = folded === '.' || folded === '..' || /[/\\;\p{Cc}]/u.test(folded) || ESCAPE.test(folded);
  return risky ? 'look_alike' : undefined;
}
