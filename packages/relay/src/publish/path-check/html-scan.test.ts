import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanHtml } from './html-scan.ts';

const attributesOf = (html: string): Record<string, string> =>
  Object.fromEntries(scanHtml(html)[0]?.attributes ?? []);

describe('the tags of a page', () => {
  it.each([
    ['<a href="/x">', { href: '/x' }],
    ["<A HREF='/x' b>", { href: '/x', b: '' }],
    ['<a href=/x/y>', { href: '/x/y' }],
    ['<a\n\thref = "/x"\n/>', { href: '/x' }],
    ['<a href="/a&amp;b&#x2f;&#47;c&unknown;">', { href: '/a&b//c&unknown;' }],
    ['<a href="1" href="2">', { href: '1' }],
    ['<a data-x="a>b" href=/y>', { 'data-x': 'a>b', href: '/y' }],
    ['<a =x href=/y>', { '=x': '', href: '/y' }],
    ['<a href="/never closed', { href: '/never closed' }],
    ['<a constructor=1 __proto__=2>', JSON.parse('{"constructor":"1","__proto__":"2"}')],
  ])('%j', (html, expected) => {
    const [tag] = scanHtml(html);
    expect([...(tag?.attributes ?? [])]).toEqual(Object.entries(expected));
  });

  it('comments and what stands in a script are no tags', () => {
    const tags = scanHtml(
      '<!-- <a> --><script>"<b>"</SCRIPT ><style><c></style><title>T &lt;</title><p>a < b</p>',
    );
    expect(tags.map(({ name, text }) => [name, text])).toEqual([
      ['script', '"<b>"'],
      ['style', '<c>'],
      ['title', 'T &lt;'],
      ['p', ''],
    ]);
    expect(attributesOf('<!-- never closed <a href="/x">')).toEqual({});
  });

  it('any text is scanned, in time that grows with its length only', () => {
    const piece = fc.constantFrom(
      ...[
        '<',
        '>',
        '</',
        '<!--',
        '-->',
        '<a ',
        '<script',
        '</script>',
        '=',
        '"',
        "'",
        '/',
        ' ',
        'href',
        '&#',
        ';',
      ],
      ...['\0', 'é', '\u0130', '&#99999999;', '<title>', 'x'],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
          fc.string(),
        ),
        (html) => {
          for (const { name } of scanHtml(html)) expect(name).toMatch(/^[a-z][^\s/>]*$/);
        },
      ),
      { interruptAfterTimeLimit: 2_000 },
    );
    for (const bad of [
      '<',
      '<a ',
      '<a b',
      '<script>',
      '<!--',
      '<a b="',
      '</script',
      '<title',
      "<a '",
      '&#',
      '<a ====',
    ]) {
      expect(scanHtml(bad.repeat(200_000)).length).toBeLessThanOrEqual(20_000);
    }
  });
});
