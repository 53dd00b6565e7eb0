import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEntry } from './access-entry.ts';
import { combinedLine, jsonLine } from './lines.ts';
import { maskSecrets } from './mask-query.ts';

const ENTRY: AccessEntry = {
  at: Date.UTC(2026, 10, 22, 4, 7, 37),
  address: '203.0.113.9',
  user: 'alice',
  method: 'GET',
  target: '/tree?x=1',
  httpVersion: '1.1',
  status: 200,
  bytes: 5,
  ms: 12.3456,
  host: 'web--robot.relay.example',
  device: 'robot',
  service: 'web',
  referer: 'https://elsewhere.example/',
  userAgent: 'curl/8',
  secure: true,
  aborted: false,
  upgrade: false,
};

describe('combined', () => {
  it('is the line of Apache and NCSA, with host and seconds behind', () => {
    expect(combinedLine(ENTRY)).toBe(
      '203.0.113.9 - alice [22/Nov/2026:04:07:37 +0000] "GET /tree?x=1 HTTP/1.1" 200 5 "https://elsewhere.example/" "curl/8" "web--robot.relay.example" 0.012\n',
    );
  });

  it('writes - for what there is not', () => {
    const line = combinedLine({
      ...ENTRY,
      user: undefined,
      bytes: 0,
      referer: undefined,
      userAgent: undefined,
    });
    expect(line).toContain('203.0.113.9 - - [');
    expect(line).toContain('" 200 - "-" "-" "web');
  });

  it.each([
    ['a forged line', 'x"\r\n1.2.3.4 - admin', '"x\\"\\x0d\\x0a1.2.3.4 - admin"'],
    ['terminal control', '\x1b[2J\x9b', '"\\x1b[2J\\x9b"'],
    ['a backslash', 'a\\', '"a\\\\"'],
    ['UTF-8 bytes', Buffer.from('ü').toString('latin1'), '"\\xc3\\xbc"'],
  ])('escapes %s', (_what, userAgent, shown) => {
    expect(combinedLine({ ...ENTRY, userAgent })).toContain(` ${shown} "web--`);
  });

  it('keeps a user name in its field', () => {
    expect(combinedLine({ ...ENTRY, user: 'a b] "ü' })).toContain('- a\\x20b\\x5d\\x20\\"\\xc3\\xbc [');
  });
});

describe('JSON', () => {
  it('tells device and service, and has text as text', () => {
    const userAgent = Buffer.from('Bröwser\u202e').toString('latin1');
    const line = jsonLine({ ...ENTRY, userAgent, upgrade: true });
    expect(line).toContain('Br\\u00f6wser\\u202e');
    expect(JSON.parse(line)).toEqual({
      ...{ time: '2026-11-22T04:07:37.000Z', address: '203.0.113.9', user: 'alice', method: 'GET' },
      ...{ host: 'web--robot.relay.example', path: '/tree?x=1', protocol: 'HTTP/1.1', secure: true },
      ...{ status: 200, bytes: 5, ms: 12.346, device: 'robot', service: 'web' },
      ...{ referer: 'https://elsewhere.example/', userAgent: 'Bröwser\u202e', upgrade: true },
    });
  });
});

describe('secrets', () => {
  it.each([
    ['/api/contents?token=abc&x=1', '/api/contents?token=[masked]&x=1'],
    ['/x?a=1&api_key=k&apikey=k&key=k', '/x?a=1&api_key=[masked]&apikey=[masked]&key=[masked]'],
    ['/x?%74oken=abc', '/x?%74oken=[masked]'],
    ['/x?%2574oken=abc', '/x?%2574oken=[masked]'],
    ['/x?next=%2Fy%3Fcode%3Dabc', '/x?next=[masked]'],
    ['/x?monkey=1&decode=2&page=3', '/x?monkey=1&decode=2&page=3'],
    ['/.porchlight/sign-on?code=abc&return=%2F', '/.porchlight/sign-on?[masked]'],
    ['https://h.example/.porchlight/sign-on?code=abc', 'https://h.example/.porchlight/sign-on?[masked]'],
    ['https://me:secret@h.example/x#access_token=abc', 'https://[masked]@h.example/x#access_token=[masked]'],
    ['/x;jsessionid=1?password=a;token=b', '/x;jsessionid=1?password=[masked];token=[masked]'],
    ['/plain/path', '/plain/path'],
  ])('%s', (target, masked) => {
    expect(maskSecrets(target)).toBe(masked);
  });
});

it('masking takes time that grows with the length only, whatever a stranger sends', () => {
  for (const name of ['passw', 'token', 'session', '&key', '%25', 'a'])
    for (const rest of ['', 'a'.repeat(8_000), ' '.repeat(8_000)])
      expect(maskSecrets(`/?x=${name.repeat(16_000 / name.length)}${rest}`)).not.toContain('[masked]');
});

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 9000 }),
);
const anyEntry = fc.record({
  at: fc.integer({ min: 0, max: 4e12 }),
  address: anything,
  user: fc.option(anything, { nil: undefined }),
  method: anything,
  target: anything,
  httpVersion: fc.constantFrom('1.0', '1.1', '2.0'),
  status: fc.integer({ min: 100, max: 599 }),
  bytes: fc.nat(),
  ms: fc.double({ min: 0, max: 1e9, noNaN: true }),
  host: anything,
  device: fc.constant('robot'),
  service: fc.constant('web'),
  referer: fc.option(anything, { nil: undefined }),
  userAgent: fc.option(anything, { nil: undefined }),
  secure: fc.boolean(),
  aborted: fc.boolean(),
  upgrade: fc.boolean(),
});
/** As the readers of such logs take a line apart. */
const COMBINED =
  /^\S+ - \S+ \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" [\d.]+\n$/;

describe('whatever a visitor sends', () => {
  it('a line stays one line of printable ASCII, in its form', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const combined = combinedLine(entry);
        expect(combined).toMatch(COMBINED);
        const json = jsonLine(entry);
        expect(JSON.parse(json)).toMatchObject({ status: entry.status, device: 'robot' });
        for (const line of [combined, json]) expect(line).toMatch(/^[\x20-\x7e]+\n$/);
        expect(combined.length).toBeLessThan(40_000);
      }),
      { interruptAfterTimeLimit: 3_000 },
    );
  });

  it('a token is never in it, however it is spelled', () => {
    const secret = 'S3CR3T';
    const name = fc.constantFrom('token', 'code', 'API_KEY', 'access_token', 'password', 'sig');
    const spelled = fc
      .tuple(name, fc.array(fc.boolean(), { maxLength: 12 }))
      .map(([text, which]) =>
        [...text].map((c, i) => (which[i] === true ? `%${c.charCodeAt(0).toString(16)}` : c)).join(''),
      );
    fc.assert(
      fc.property(spelled, fc.constantFrom('?', '?a=1&', '?a&', '?a=1;', '#', '?x#'), (one, start) => {
        for (const target of [
          `/x${start}${one}=${secret}`,
          `/x?go=${encodeURIComponent(`/y?${one}=${secret}`)}`,
        ])
          expect(combinedLine({ ...ENTRY, target, referer: `https://h${target}` })).not.toContain(secret);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
