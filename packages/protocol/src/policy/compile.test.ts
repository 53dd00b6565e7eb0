import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPolicy, compilePolicy, POLICY_BYTES_MAX, POLICY_RULES_MAX } from './compile.ts';

const first = (text: string) => checkPolicy(text)[0];

describe('compilePolicy', () => {
  const wrong: [string, number, number, RegExp][] = [
    ['allow GET /', 1, 1, /before any service/],
    ['default deny', 1, 1, /before any service/],
    ['service', 1, 8, /name of the service is missing/],
    ['service Emon', 1, 9, /"Emon" is no service name/],
    ['service a b', 1, 11, /too much on the line/],
    ['service a\n\nservice a', 3, 9, /at line 1 already/],
    ['service a\n  permit GET /', 2, 3, /"permit" begins no statement/],
    ['service a\n  allow', 2, 8, /a method is missing/],
    ['service a\n  allow get /', 2, 9, /"get" is no method/],
    ['service a\n  allow GET,', 2, 13, /a method is missing/],
    ['service a\n  allow GET', 2, 12, /path pattern is missing/],
    ['service a\n  allow GET a/b', 2, 13, /begins with a slash/],
    ['service a\n  allow GET /a//b', 2, 16, /empty segment/],
    ['service a\n  allow GET /a/b**', 2, 17, /whole segments/],
    ['service a\n  allow GET /a/{b', 2, 16, /no partner/],
    ['service a\n  allow GET /a/{b,}', 2, 16, /alternative is empty/],
    ['service a\n  allow GET /a/../b', 2, 16, /never match/],
    ['service a\n  allow GET /a/%2e%2e/b', 2, 16, /never match/],
    ['service a\n  allow GET /a%2fb', 2, 14, /never match/],
    ['service a\n  allow GET /a?x=1', 2, 14, /no query/],
    ['service a\n  allow GET /a;b', 2, 14, /never match/],
    ['service a\n  allow GET /{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}', 2, 44, /at most 64 alternatives/],
    ['service a\n  allow GET / with x', 2, 15, /"with" is no clause/],
    ['service a\n  allow GET / for bob', 2, 19, /neither person nor role/],
    ['service a\n  allow GET / for person Bob', 2, 26, /no name of a person/],
    ['service a\n  allow GET / for role *', 2, 24, /no name of a role/],
    ['service a\n  allow GET / for person a for person b', 2, 28, /stands twice/],
    ['service a\n  deny GET / add query a=b', 2, 14, /deny rule has no "add"/],
    ['service a\n  allow GET / add cookie a=b', 2, 19, /neither query nor header/],
    ['service a\n  allow GET / add query a', 2, 26, /value of a is missing/],
    ['service a\n  allow GET / add query a =b', 2, 27, /value of a is missing/],
    ['service a\n  allow GET / add query a= b', 2, 26, /value of a is missing/],
    ['service a\n  allow GET / add query a="b', 2, 27, /not closed/],
    ['service a\n  allow GET / add query a="b"c', 2, 30, /stuck/],
    ['service a\n  allow GET / add query a%20=b', 2, 25, /parameter name/],
    ['service a\n  allow GET / add header Transfer-Encoding=chunked', 2, 26, /frames the message/],
    ['service a\n  allow GET / add header content_length=1', 2, 26, /frames the message/],
    ['service a\n  allow GET / add header X-Porchlight-Person=bob', 2, 26, /relay says/],
    ['service a\n  allow GET / strip header Sec-WebSocket-Key', 2, 28, /WebSocket/],
    ['service a\n  allow GET / add header X(=1', 2, 26, /no header name/],
    ['service a\n  allow GET / add header X=é', 2, 28, /other than ASCII/],
    ['service a\n  allow GET / add header X=$Key', 2, 28, /no name of a secret/],
    ['service a\n  allow GET / refuse header a', 2, 22, /only query/],
    ['service a\n  allow GET / replace query=/b', 2, 23, /only the path/],
    ['service a\n  allow GET / replace path /b', 2, 28, /new path is missing/],
    ['service a\n  allow GET / replace path=b', 2, 28, /begin with a slash/],
    ['service a\n  allow GET / replace path=/a/../b', 2, 28, /".." segment/],
    ['service a\n  allow GET / replace path=/b?x=1', 2, 28, /has a query/],
    ['service a\n  allow GET / replace path=/b replace path=/c', 2, 39, /stands twice/],
    ['service a\n  deny GET / replace path=/b', 2, 14, /deny rule has no "replace"/],
    ['service a\n  default maybe', 2, 11, /neither allow nor deny/],
    ['service a\n  default deny\n  default deny', 3, 3, /stands twice/],
    ['service a\n  default deny\n  allow GET /', 3, 3, /after "default"/],
    ['service a\n  allow GET /\u0000', 2, 14, /control character/],
  ];
  it.each(wrong)('%j is wrong at %i:%i', (text, line, column, message) => {
    expect(first(text)).toMatchObject({ line, column, message: expect.stringMatching(message) });
    expect(first(text)?.hint).not.toBe('');
  });

  it('reports every bad line, up to twenty', () => {
    expect(checkPolicy('service a\n x\nallow GET /\n y').map((problem) => problem.line)).toEqual([2, 4]);
    expect(checkPolicy('x\n'.repeat(100))).toHaveLength(20);
  });

  it('reads comments, blank lines, any line ending and a byte order mark', () => {
    expect(checkPolicy('\uFEFF# c\r\n\r\nservice a # c\r\n\tallow GET,HEAD , POST /a#b\r\n')).toMatchObject([
      { line: 4, message: expect.stringContaining('never match') },
    ]);
    expect(checkPolicy('\uFEFF# c\r\n\r\nservice a # c\r\n\tallow GET, HEAD /a #b\r\n')).toEqual([]);
    expect(checkPolicy('')).toEqual([]);
  });

  it('is bounded in size and number of rules', () => {
    expect(first(`#${'x'.repeat(POLICY_BYTES_MAX)}`)?.message).toMatch(/larger than 64 KB/);
    const rules = `service a\n${'allow GET /\n'.repeat(POLICY_RULES_MAX)}`;
    expect(checkPolicy(rules)).toEqual([]);
    expect(first(`${rules}allow GET /`)?.message).toMatch(/more than 1000 rules/);
  });

  it('names a missing secret and never shows what is in one', () => {
    const text = 'service a\n allow GET / add header X="Bearer $token"';
    expect(compilePolicy(text, () => undefined).errors).toEqual([
      {
        line: 2,
        column: 27,
        message: 'there is no secret "token"',
        hint: 'Add a line "token = …" to the secrets file.',
      },
    ]);
    const broken = compilePolicy(text, () => 'hunter2\r\nX-Evil: 1');
    expect(broken.errors?.[0]?.message).toMatch(/"token" is empty or not ASCII/);
    expect(JSON.stringify(broken)).not.toContain('hunter2');
  });

  it('never throws, whatever the text', () => {
    const words =
      'service allow deny default GET * /** /{a,b*} for person role a add query X=$s x="y,z" strip refuse replace path=/x path=$s , # " \\ { } % $';
    const text = fc.oneof(
      fc
        .array(fc.constantFrom(...words.split(' '), '\n', '\t'), { maxLength: 30 })
        .map((list) => `service a\n${list.join(' ')}`),
      fc.string({ unit: 'binary', maxLength: 80 }),
    );
    fc.assert(
      fc.property(text, (text) => {
        const { policy, errors } = compilePolicy(text, () => 'v');
        expect((policy === undefined) !== (errors === undefined)).toBe(true);
        policy?.decide({ service: 'a', method: 'GET', target: '/a/b?x=1', person: 'a', role: 'a' });
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('docs/reference/policy.md', async () => {
  const page = await readFile(new URL('../../../../docs/reference/policy.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```policy\n(.*?)```/gs)].map((match) => match[1] ?? '');

  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(2));
  it.each(examples)('example compiles:\n%s', (example) => expect(checkPolicy(example)).toEqual([]));

  const rows = [...page.matchAll(/^\| `(\/[^`]*)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1));
  const paths = (cell = '') => [...cell.matchAll(/`(\/[^`]*)`/g)].map((match) => match[1] ?? '');

  it('has rows of patterns', () => expect(rows.length).toBeGreaterThanOrEqual(6));
  it.each(rows)('pattern %s does what its row says', (pattern = '', yes, no) => {
    const { policy } = compilePolicy(`service a\nallow GET ${pattern}`, () => undefined);
    const kind = (target: string) => policy?.decide({ service: 'a', method: 'GET', target }).kind;
    expect(paths(yes).map(kind)).toEqual(paths(yes).map(() => 'allow'));
    expect(paths(no).map(kind)).toEqual(paths(no).map(() => 'deny'));
  });
});
