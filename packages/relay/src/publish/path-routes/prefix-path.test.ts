import {
  isPathPrefix,
  parseRequestPath,
  prefixSegments,
  type RequestPath,
  toPathPrefix,
} from '@porchlight/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBelow, prefixesOf, withoutPrefix } from './prefix-path.ts';

const parsed = (target: string): RequestPath => {
  const path = parseRequestPath(target);
  if (!path.ok) throw new Error(`${target}: ${path.reason}`);
  return path;
};

describe('a prefix', () => {
  it.each(['/zumi01', '/a/b/c/d', '/Robot_1.0~x-y', '/-'])('may be %s', (text) => {
    expect(isPathPrefix(text)).toBe(true);
  });
  it.each([
    ...['', '/', 'zumi01', '/zumi01/', '//zumi01', '/a//b', '/a/b/c/d/e', '/.', '/..', '/a/..', '/a/.b'],
    ...['/.porchlight', '/.well-known/x', '/a b', '/a%20', '/a;b', '/a?b', '/a#b', '/a\\b', '/ä', '/a\n'],
    `/${'x'.repeat(65)}`,
  ])('is not %j', (text) => {
    expect(isPathPrefix(text)).toBe(false);
  });
  it.each([
    ['zumi01', '/zumi01'],
    [' /zumi01/ ', '/zumi01'],
    ['a/b', '/a/b'],
    ['//x', undefined],
    ['', undefined],
  ])('that people write as %j is %j', (text, prefix) => {
    expect(toPathPrefix(text)).toBe(prefix);
  });
});

describe('the prefixes of a path', () => {
  it('are whole segments, longest first, four at most', () => {
    expect(prefixesOf(parsed('/a/b?c=/d'))).toEqual(['/a/b', '/a']);
    expect(prefixesOf(parsed('/a/b/c/d/e/f'))).toEqual(['/a/b/c/d', '/a/b/c', '/a/b', '/a']);
    expect(prefixesOf(parsed('/'))).toEqual([]);
  });

  it('never differ for a path and what a server behind makes of it', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'zumi01',
        'Zumi01',
        '..',
        '.',
        '%2e%2e',
        '%2E',
        '%2f',
        '\\',
        '%5c',
        ';x',
        '%3b',
        '',
        '%00',
      ),
      fc.constantFrom('%7Aumi01', 'zumi%30%31', 'zumi01;', '%252e', 'zumi01%2f..', '．．', '%ef%bc%8e'),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.string({ maxLength: 5 }), (parts, query) => {
        const target = `/${parts.join('/')}${query === '' ? '' : `?${query}`}`;
        const path = parseRequestPath(target);
        if (!path.ok) return;
        for (const prefix of prefixesOf(path)) {
          const count = prefix.split('/').length - 1;
          const rest = withoutPrefix(path, count);
          expect(rest.startsWith('/') && !rest.startsWith('//')).toBe(true);
          // What is left is read as exactly the segments behind those that were matched.
          const left = parsed(rest);
          expect(left.segments).toEqual(path.segments.slice(count));
          expect(left.query).toBe(path.query);
          expect(decodeURIComponent(path.path).startsWith(prefix)).toBe(true);
          // A browser or server that resolves dots once more comes to the same path.
          expect(new URL(target, 'http://h').pathname.startsWith('/..')).toBe(false);
          expect(new URL(path.path, 'http://h').pathname.split('/').length).toBe(path.path.split('/').length);
        }
      }),
      { interruptAfterTimeLimit: 3_000 },
    );
  });

  it.each(['/zumi01/../x', '/zumi01/%2e%2e/x', '/zumi01%2fx', '/zumi01\\x', '/zumi01;a/x', '//zumi01'])(
    'are not asked for of %s',
    (target) => {
      expect(parseRequestPath(target).ok).toBe(false);
    },
  );
});

it.each([
  ['/zumi01/lab?x=1', 1, '/lab?x=1'],
  ['/zumi01/', 1, '/'],
  ['/zumi01?x', 1, '/?x'],
  ['/a/b/c/', 2, '/c/'],
  ['/%7Aumi01/a%20b', 1, '/a%20b'],
])('%s without %i segments is %s', (target, count, rest) => {
  expect(withoutPrefix(parsed(target), count)).toBe(rest);
});

it('is below by whole segments only', () => {
  expect(['/zumi01', '/zumi01/x', '/zumi01x', '/zumi0', '/'].map((path) => isBelow(path, '/zumi01'))).toEqual(
    [...[true, true, false, false, false]],
  );
  expect(prefixSegments('/a/b')).toEqual(['a', 'b']);
});
