import { parseRequestPath } from '../request-path.ts';
import { PolicySyntaxError } from './problem.ts';

const SEGMENTS_MAX = 64;
/** `{a,b}{c,d}…` multiplies; this bounds what one segment expands to. */
const ALTERNATIVES_MAX = 64;

/** The literal pieces of a segment, between its stars: `a*b` is `['a', 'b']`, `a` is `['a']`. */
type Pieces = readonly string[];
/** `**`, or the alternatives that one segment may match. */
type Segment = '**' | readonly Pieces[];

/** A path as both kinds of pattern look at it. */
export interface PathView {
  readonly exact: readonly string[];
  /** Compatibility forms and case folded away. */
  readonly folded: readonly string[];
}

/** How a segment looks to a `deny` rule: nothing slips past it by case or by a compatibility character. */
export function foldSegment(segment: string): string {
  return segment.normalize('NFKC').toUpperCase();
}

/**
 * A path pattern, matched segment by segment on the decoded path. `*` is one segment or a part of one, `**` any number
 * of segments, `{a,b}` one of several texts. A slash at the end makes no difference on either side.
 */
export class PathPattern {
  readonly #segments: readonly Segment[];
  readonly #folded: boolean;

  constructor(segments: readonly Segment[], folded: boolean) {
    this.#segments = segments;
    this.#folded = folded;
  }

  matches(path: PathView): boolean {
    const segments = this.#folded ? path.folded : path.exact;
    const pattern = this.#segments;
    let at = 0;
    let next = 0;
    // After a mismatch the last `**` swallows one segment more; earlier ones never need to (greedy from the left).
    let retryPattern = -1;
    let retryAt = 0;
    while (at < segments.length) {
      const wanted = pattern[next];
      if (wanted === '**') {
        retryPattern = ++next;
        retryAt = at;
      } else if (wanted !== undefined && segmentMatches(wanted, segments[at] ?? '')) {
        next++;
        at++;
      } else if (retryPattern >= 0) {
        next = retryPattern;
        at = ++retryAt;
      } else {
        return false;
      }
    }
    while (pattern[next] === '**') next++;
    return next === pattern.length;
  }
}

function segmentMatches(alternatives: readonly Pieces[], segment: string): boolean {
  return alternatives.some((pieces) => piecesMatch(pieces, segment));
}

function piecesMatch(pieces: Pieces, segment: string): boolean {
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return segment === first;
  const last = pieces[pieces.length - 1] ?? '';
  if (segment.length < first.length + last.length) return false;
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false;
  let at = first.length;
  const end = segment.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = segment.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/**
 * Reads a pattern. With `fold` it compares without regard to case.
 * @throws PolicySyntaxError with the column counted from `column`
 */
export function parsePathPattern(text: string, column: number, fold: boolean): PathPattern {
  const fail = (offset: number, message: string, hint: string): never => {
    throw new PolicySyntaxError(column + offset, message, hint);
  };
  if (!text.startsWith('/')) {
    fail(0, 'a path pattern begins with a slash', 'Write it as /feed/list.json, or /** for every path.');
  }
  const segments: Segment[] = [];
  let offset = 1;
  const body = text.length > 1 && text.endsWith('/') ? text.slice(1, -1) : text.slice(1);
  for (const raw of body === '' ? [] : body.split('/')) {
    if (raw === '**') segments.push('**');
    else segments.push(parseSegment(raw, offset, fold, fail));
    offset += raw.length + 1;
  }
  if (segments.length > SEGMENTS_MAX) {
    fail(0, `a pattern has at most ${SEGMENTS_MAX} segments`, 'Use ** for the rest of the path.');
  }
  return new PathPattern(segments, fold);
}

type Fail = (offset: number, message: string, hint: string) => never;

function parseSegment(raw: string, offset: number, fold: boolean, fail: Fail): readonly Pieces[] {
  if (raw === '')
    fail(offset, 'the pattern has an empty segment ("//")', 'Write one slash between segments.');
  if (raw.includes('**')) {
    fail(offset + raw.indexOf('**'), '** stands for whole segments', 'Use one * inside a segment.');
  }
  let found: string[][] = [['']];
  for (const part of raw.matchAll(/\{([^{}]*)\}|[{}]|\*|[^{}*]+/g)) {
    const at = offset + part.index;
    if (part[0] === '{' || part[0] === '}') {
      fail(
        at,
        `"${part[0]}" has no partner in its segment`,
        'Write {a,b}, or %7B and %7D for the characters.',
      );
    }
    const choices = part[1] === undefined ? [part[0]] : part[1].split(',');
    if (part[1] !== undefined && choices.includes('')) {
      fail(at, 'an alternative is empty', 'Write {a,b} with a text on each side of the comma.');
    }
    const texts = choices.map((choice) => choice.split('*').map((piece) => literal(piece, at, fold, fail)));
    found = found.flatMap((before) => texts.map((pieces) => join(before, pieces)));
    if (found.length > ALTERNATIVES_MAX) {
      fail(at, `a segment has at most ${ALTERNATIVES_MAX} alternatives`, 'Split it into several rules.');
    }
  }
  if (found.some((pieces) => pieces.length === 1 && /^\.\.?$/.test(pieces[0] ?? ''))) {
    fail(
      offset,
      'this can never match: requests with dot segments are refused',
      'Write the path without them.',
    );
  }
  return found;
}

/** Appends pieces: the last of the one and the first of the other touch. */
function join(before: readonly string[], after: readonly string[]): string[] {
  return [...before.slice(0, -1), (before.at(-1) ?? '') + (after[0] ?? ''), ...after.slice(1)];
}

/** Decodes a literal by the rules for request paths, so that a pattern cannot name what no request may say. */
function literal(piece: string, offset: number, fold: boolean, fail: Fail): string {
  if (piece === '' || piece === '.' || piece === '..') return piece;
  const spelt = piece.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  const parsed = spelt.includes('?')
    ? { ok: false as const, reason: 'a pattern has no query' }
    : parseRequestPath(`/${spelt}`);
  if (!parsed.ok) {
    return fail(
      offset,
      `this can never match: ${parsed.reason}`,
      'Write the plain path, with %20 for a space.',
    );
  }
  const decoded = parsed.segments[0] ?? '';
  return fold ? foldSegment(decoded) : decoded;
}
