import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBeat } from './parse-beat.ts';

test('a line made to be slow is read as fast as any', () => {
  const line = `a=${' '.repeat(16_000)}x\u2028y`;
  expect(parseBeat(line).values).toEqual(new Map([['a', 'xy']]));
});

test('what a router says of itself', () => {
  const text =
    'uptime=86400\r\nload=0.12\n\n# by cron\nfirmware = OpenWrt 23.05.3\nmemory_free=12345\nuptime=86460\n';
  expect(parseBeat(text)).toEqual({
    values: new Map([
      ['uptime', '86460'],
      ['load', '0.12'],
      ['firmware', 'OpenWrt 23.05.3'],
      ['memory_free', '12345'],
    ]),
    problem: undefined,
  });
});

test.each([
  ['Uptime=1', /^line 1 /],
  ['uptime 1', /^line 1 /],
  ['a=1\n=2', /^line 2 /],
  [`${'k'.repeat(33)}=1`, /^line 1 /],
  ['__proto__=1', /^line 1 /],
  ['\u001b[2J=1', /^line 1 /],
  [Array.from({ length: 65 }, (_, n) => `k${n}=1`).join('\n'), /more than 64/],
])('%j is told', (text, problem) => {
  expect(parseBeat(text).problem).toMatch(problem);
});

test('a key that is a word of JavaScript is a name like another; a value moves no cursor', () => {
  const { values } = parseBeat(`constructor=\u001b[2Jx\u0000\u202ey\nlong=${'v'.repeat(500)}\nempty=`);
  expect(values).toEqual(
    new Map([
      ['constructor', '[2Jxy'],
      ['long', 'v'.repeat(200)],
    ]),
  );
});

test('any text at all: bounded values under legal names, or a problem', () => {
  const lines = fc.array(
    fc.oneof(
      fc.string(),
      fc.tuple(fc.string(), fc.string()).map((two) => two.join('=')),
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        lines.map((all) => all.join('\n')),
      ),
      (text) => {
        const { values } = parseBeat(text);
        expect(values.size).toBeLessThanOrEqual(64);
        for (const [key, value] of values) {
          expect(key).toMatch(/^[a-z][a-z0-9_.-]{0,31}$/);
          expect(value).not.toMatch(/\p{Cc}/u);
          expect(value.length).toBeLessThanOrEqual(200);
        }
      },
    ),
    { interruptAfterTimeLimit: 2_000 },
  );
});
