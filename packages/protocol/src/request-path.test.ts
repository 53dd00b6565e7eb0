import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PathProblem, parseRequestPath, REQUEST_TARGET_MAX } from './request-path.ts';

const BOX = { numRuns: 20_000, interruptAfterTimeLimit: 2_000 };

function problem(target: string): PathProblem | undefined {
  const parsed = parseRequestPath(target);
  return parsed.ok ? undefined : parsed.problem;
}

describe('parseRequestPath', () => {
  it('decodes segments once and leaves the query alone', () => {
    expect(parseRequestPath('/emoncms/a%20b/%C3%A9.json?x=%2f..%2f&y')).toEqual({
      ok: true,
      path: '/emoncms/a%20b/%C3%A9.json',
      segments: ['emoncms', 'a b', 'é.json'],
      trailingSlash: false,
      query: 'x=%2f..%2f&y',
    });
    expect(parseRequestPath('/')).toMatchObject({ segments: [], trailingSlash: true, query: undefined });
    expect(parseRequestPath('/a/?')).toMatchObject({ segments: ['a'], trailingSlash: true, query: '' });
    expect(parseRequestPath('/100%25/..hidden/...')).toMatchObject({ segments: ['100%', '..hidden', '...'] });
  });

  const attacks: [string, PathProblem][] = [
    ['', 'not_origin_form'],
    ['*', 'not_origin_form'],
    ['a/b', 'not_origin_form'],
    ['http://169.254.169.254/', 'not_origin_form'],
    ['example.org:443', 'not_origin_form'],
    ['\\a', 'not_origin_form'],
    ['?a', 'not_origin_form'],
    ['//example.org/a', 'empty_segment'],
    ['/a//b', 'empty_segment'],
    ['/a//', 'empty_segment'],
    ['//', 'empty_segment'],
    ['/a/./b', 'dot_segment'],
    ['/a/../b', 'dot_segment'],
    ['/a/..', 'dot_segment'],
    ['/a/../', 'dot_segment'],
    ['/a/%2e%2e/b', 'dot_segment'],
    ['/a/.%2E/b', 'dot_segment'],
    ['/%2e', 'dot_segment'],
    ['/a%2fb', 'encoded_separator'],
    ['/a%2Fb', 'encoded_separator'],
    ['/..%2f', 'encoded_separator'],
    ['/a%5cb', 'encoded_separator'],
    ['/a%3bb', 'encoded_separator'],
    ['/a\\..\\b', 'backslash'],
    ['/a;x=1/b', 'parameter'],
    ['/..;/b', 'parameter'],
    ['/a%00', 'encoded_control'],
    ['/a%0d%0aX: y', 'illegal_character'],
    ['/a%0d%0aX', 'encoded_control'],
    ['/a%7f', 'encoded_control'],
    ['/a%c2%85', 'encoded_control'],
    ['/a\0b', 'illegal_character'],
    ['/a\tb', 'illegal_character'],
    ['/a b', 'illegal_character'],
    ['/é', 'illegal_character'],
    ['/a#b', 'illegal_character'],
    ['/a?b#c', 'illegal_character'],
    ['/a?b\rc', 'illegal_character'],
    ['/a%', 'bad_escape'],
    ['/a%4', 'bad_escape'],
    ['/a%zz', 'bad_escape'],
    ['/%u002e%u002e', 'bad_escape'],
    ['/%c0%ae%c0%ae/', 'bad_utf8'],
    ['/%e0%80%af', 'bad_utf8'],
    ['/%ff', 'bad_utf8'],
    ['/%ed%a0%80', 'bad_utf8'],
    ['/a/%252e%252e/b', 'double_encoding'],
    ['/a%252fb', 'double_encoding'],
    ['/a%25%32%65', 'double_encoding'],
    ['/a%ef%bc%8fb', 'look_alike'],
    ['/%e2%80%a4%e2%80%a4/b', 'look_alike'],
    ['/a%ef%bc%852e', 'look_alike'],
    [`/${'a'.repeat(REQUEST_TARGET_MAX)}`, 'too_long'],
    ['/a'.repeat(129), 'too_many_segments'],
  ];
  it.each(attacks)('refuses %j as %s', (target, expected) => expect(problem(target)).toBe(expected));

  it('accepts the longest target and the most segments', () => {
    expect(problem(`/${'a'.repeat(REQUEST_TARGET_MAX - 1)}`)).toBeUndefined();
    expect(problem('/a'.repeat(128))).toBeUndefined();
  });

  const pieces =
    '/ . .. %2e %2f %5C \\ ; %3b % %25 2e 2f %00 # ? & = %c0%ae %ef%bc%8f %C3%A9 a B ~ | { %7f %20 é http:// %u *';
  const piece = fc.constantFrom(...pieces.split(' '), ' ', '\n');
  const target = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );

  it('never throws, and what it accepts is read alike by the WHATWG URL parser', () => {
    fc.assert(
      fc.property(target, (text) => {
        const parsed = parseRequestPath(text);
        if (!parsed.ok) return;
        for (const segment of parsed.segments) {
          expect(segment).not.toMatch(/[/\\;\p{Cc}]|^\.{0,2}$|%[0-9a-f]{2}/iu);
        }
        const url = new URL(`http://host${text}`);
        expect(url.host).toBe('host');
        const seen = url.pathname.slice(1).split('/').map(decodeURIComponent);
        if (parsed.trailingSlash) expect(seen.pop()).toBe('');
        expect(seen).toEqual(parsed.segments);
      }),
      BOX,
    );
  });

  it('gives back the segments that an honest client encoded', () => {
    const honest = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => !/[/\\;\p{Cc}%]|^\.\.?$/u.test(text.normalize('NFKC')) && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(honest, { minLength: 1, maxLength: 6 }), fc.boolean(), (segments, slash) => {
        const text = `/${segments.map(encodeURIComponent).join('/')}${slash ? '/' : ''}`;
        expect(parseRequestPath(text)).toMatchObject({ ok: true, segments, trailingSlash: slash });
      }),
      BOX,
    );
  });

  it('refuses an honest path as soon as one bad piece is put into it', () => {
    const bad = [
      '/..',
      '/.',
      '/%2E%2e',
      '%2f',
      '%5c',
      '\\',
      ';',
      '//',
      '%00',
      '%',
      '%c0%af',
      '%252e',
      '\u0000',
    ];
    const segment = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_~'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 4 }),
        fc.constantFrom(...bad),
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        (before, attack, after) => {
          const glue = attack === '%' ? 'g' : '/';
          expect(problem(`/${before.join('/')}${attack}${glue}${after.join('/')}`)).toBeDefined();
        },
      ),
      BOX,
    );
  });
});
