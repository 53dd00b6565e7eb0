import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBelow, fieldsBelow, type PathPlace } from './answer-fields.ts';

const HOST = 'paths.relay.example:8443';
const stripped: PathPlace = { prefix: '/zumi01', strip: true, host: HOST, target: '/tree/dir/page?x=1' };
const unchanged: PathPlace = { ...stripped, strip: false, target: '/zumi01/tree/dir/page?x=1' };

const only = (name: string, value: string, place: PathPlace): string | undefined =>
  fieldsBelow([name, value], place)[1];

describe('an address of the service itself is put below the prefix', () => {
  it.each([
    ['/login', '/zumi01/login'],
    ['/', '/zumi01/'],
    ['/a?next=/b#c', '/zumi01/a?next=/b#c'],
    [`https://${HOST}/login`, `https://${HOST}/zumi01/login`],
    [`http://${HOST.toUpperCase()}/login`, `http://${HOST}/zumi01/login`],
    [`//${HOST}/x`, `//${HOST}/zumi01/x`],
    ['login', '/zumi01/tree/dir/login'],
    ['?x=2', '/zumi01/tree/dir/page?x=2'],
    ['../up', '/zumi01/tree/up'],
    ['../../../../../etc', '/zumi01/etc'],
    ['/../../etc', '/zumi01/etc'],
    ['/a/%2e%2e/%2e%2e/b', '/zumi01/b'],
    // As a program does that minds X-Forwarded-Prefix.
    ['/zumi01/login', '/zumi01/login'],
    [`https://${HOST}/zumi01/`, `https://${HOST}/zumi01/`],
    ['/zumi01x', '/zumi01/zumi01x'],
  ])('%s is %s', (given, expected) => {
    expect(addressBelow(given, stripped)).toBe(expected);
  });

  it.each([
    'https://elsewhere.example/login',
    '//elsewhere.example/',
    '/\\elsewhere.example/',
    'https://paths.relay.example/login',
    'mailto:a@b.example',
    'javascript:alert(1)',
    'http://',
    'http://[',
  ])('%s is of another, and stays', (given) => {
    expect(addressBelow(given, stripped)).toBe(given);
  });

  it('with the usual port left out, or written', () => {
    const place = { ...stripped, host: 'paths.relay.example' };
    expect(addressBelow('https://paths.relay.example:443/x', place)).toBe(
      'https://paths.relay.example/zumi01/x',
    );
    expect(addressBelow('http://paths.relay.example/x', place)).toBe('http://paths.relay.example/zumi01/x');
    expect(addressBelow('http://paths.relay.example:8080/x', place)).toBe(
      'http://paths.relay.example:8080/x',
    );
  });

  it('whatever it is, a browser lands below the prefix or on another host, and a second time changes nothing', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '//',
        '..',
        '.',
        '%2e',
        '%2E%2e',
        '%2f',
        '\\',
        ';',
        '?',
        '#',
        ':',
        '@',
        'http:',
        'https:',
        '\t',
        ' ',
      ],
      ...['zumi01', 'zumi01/', 'x', 'é', 'Ã©', HOST, 'h.example', '[', ']', '"', '<'],
    );
    const place = (host: string): PathPlace => ({ ...stripped, host });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
          fc.webUrl(),
          fc.string(),
        ),
        fc.constantFrom(HOST, 'paths.relay.example'),
        (reference, host) => {
          const given = Buffer.from(reference, 'utf8').toString('latin1');
          const below = addressBelow(given, place(host));
          expect(addressBelow(below, place(host))).toBe(below);
          const base = `http://${host}/zumi01/tree/dir/page`;
          if (!URL.canParse(below, base)) return;
          const url = new URL(Buffer.from(below, 'latin1').toString('utf8'), base);
          if (url.host !== host || !url.protocol.startsWith('http')) return;
          expect(url.pathname.startsWith('/zumi01/') || url.pathname === '/zumi01').toBe(true);
        },
      ),
      { interruptAfterTimeLimit: 4_000, numRuns: 5_000 },
    );
  });
});

describe('fields of an answer', () => {
  it('with the prefix removed', () => {
    expect(only('Location', '/login', stripped)).toBe('/zumi01/login');
    expect(only('content-location', '/a.json', stripped)).toBe('/zumi01/a.json');
    expect(only('Refresh', '5; url=/x', stripped)).toBe('5; url=/zumi01/x');
    expect(only('Refresh', "0;URL='/x'", stripped)).toBe("0;URL='/zumi01/x'");
    expect(only('Refresh', '30', stripped)).toBe('30');
    expect(only('Refresh', ' 5 , url = /x', stripped)).toBe('5 , url = /zumi01/x');
    expect(only('Service-Worker-Allowed', '/', stripped)).toBe('/zumi01/');
    expect(only('X-Path', '/login', stripped)).toBe('/login');
  });

  it('with the path unchanged', () => {
    expect(only('Location', '/login', unchanged)).toBe('/login');
    expect(only('Refresh', '5; url=/x', unchanged)).toBe('5; url=/x');
    expect(only('Service-Worker-Allowed', '/', unchanged)).toBeUndefined();
    expect(only('Service-Worker-Allowed', '/zumi01/', unchanged)).toBe('/zumi01/');
  });

  it.each([
    ['a=1', 'a=1', 'a=1'],
    ['a=1; Path=/', 'a=1; Path=/zumi01/', 'a=1; Path=/zumi01/'],
    ['a=1; path=/lab; HttpOnly', 'a=1; Path=/zumi01/lab; HttpOnly', 'a=1; Path=/zumi01/; HttpOnly'],
    ['a=1; Path=/zumi01/lab', 'a=1; Path=/zumi01/lab', 'a=1; Path=/zumi01/lab'],
    ['a=1; Path=/zumi01x', 'a=1; Path=/zumi01/zumi01x', 'a=1; Path=/zumi01/'],
    ['a=1; Path=; Secure', 'a=1; Path=; Secure', 'a=1; Path=; Secure'],
    ['a="/;Path=/x', 'a="/; Path=/zumi01/x', 'a="/; Path=/zumi01/'],
    ['a=1; Domain=paths.relay.example; Path=/; PATH=/', 'a=1; Path=/zumi01/; Path=/zumi01/', undefined],
  ])('the cookie %s is confined to the prefix', (given, whenStripped, whenUnchanged) => {
    expect(only('Set-Cookie', given, stripped)).toBe(whenStripped);
    if (whenUnchanged !== undefined) expect(only('Set-Cookie', given, unchanged)).toBe(whenUnchanged);
  });

  it('no cookie of whatever shape has a path of another prefix', () => {
    const attribute = fc.oneof(
      fc.constantFrom(
        'Path=/',
        ' PATH = /other',
        'path',
        'path=',
        'path="/"',
        ' path\t=\t/x',
        'Domain=x',
        'Secure',
      ),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 5 }), fc.boolean(), (attributes, strip) => {
        const value = only('set-cookie', ['a=1', ...attributes].join(';'), { ...stripped, strip }) ?? '';
        // RFC 6265 §5.2: the last Path counts, and only when it begins with a slash.
        for (const one of value.split(';').slice(1)) {
          const at = one.indexOf('=');
          const [name, path] = [one.slice(0, Math.max(at, 0)).trim().toLowerCase(), one.slice(at + 1).trim()];
          expect(name).not.toBe('domain');
          if (name === 'path' && path.startsWith('/')) expect(`${path}/`.startsWith('/zumi01/')).toBe(true);
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('takes time that grows with the length only', () => {
    const many = ' '.repeat(60_000);
    expect(only('Refresh', `0${many}x`, stripped)).toBe(`0${many}x`);
    expect(only('Refresh', `\u00a0${many}x`, stripped)).toBe(`\u00a0${many}x`);
    expect(only('WWW-Authenticate', `Basic realm=${many}x`, unchanged)).toBe(`Basic realm=${many}x`);
    for (const path of [`/${'a'.repeat(60_000)}%`, `/${'a/'.repeat(30_000)}..`, `/${'%2e'.repeat(20_000)}`])
      expect(only('Location', path, stripped)).toContain('/zumi01/');
  });

  it('a question for a password does not pose as the relay’s', () => {
    expect(only('WWW-Authenticate', 'Basic realm="Porchlight /zumi02"', unchanged)).toBeUndefined();
    expect(only('WWW-Authenticate', 'Basic realm=porchlight', unchanged)).toBeUndefined();
    expect(only('WWW-Authenticate', 'Basic realm="P\\orchlight /zumi02"', unchanged)).toBeUndefined();
    expect(only('WWW-Authenticate', `Basic realm = " Porchlight"`, unchanged)).toBeUndefined();
    expect(only('WWW-Authenticate', 'Basic realm="robot"', unchanged)).toBe('Basic realm="robot"');
  });
});
