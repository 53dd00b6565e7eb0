import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { parseWords, splitLine } from './command-line.ts';

describe('a command line', () => {
  it('is split as a shell does it', () => {
    expect(splitLine(`  allow 'two words' "a \\" b" c\\ d "" x'y'z`)).toEqual([
      ...['allow', 'two words', 'a " b', 'c d', '', 'xyz'],
    ]);
    expect(splitLine('')).toEqual([]);
    expect(splitLine('$HOME `id` $(id) ; rm *')).toEqual(['$HOME', '`id`', '$(id)', ';', 'rm', '*']);
  });

  it.each(["'", '"a', 'a\\', 'x '.repeat(101), 'x'.repeat(9000)])('%.10j is none', (line) => {
    expect(() => splitLine(line)).toThrow(UsageError);
  });

  it('has options anywhere, each with its value', () => {
    const words = parseWords(['CODE', '--name', 'box', '--tag=a', '--tag', 'b=c', '--json', '--', '--x'], {
      args: [1, 2],
      options: { name: false, tag: true },
    });
    expect(words.args).toEqual(['CODE', '--x']);
    expect([words.json, words.one('name'), words.all('tag')]).toEqual([true, 'box', ['a', 'b=c']]);
    expect([words.one('constructor'), words.all('__proto__')]).toEqual([undefined, []]);
  });

  it.each([
    [['--name']],
    [['--name', 'a', '--name', 'b', 'x']],
    [['--constructor', 'a', 'x']],
    [[]],
    [['a', 'b', 'c']],
  ])('%j is refused', (words) => {
    expect(() => parseWords(words, { args: [1, 2], options: { name: false } })).toThrow(UsageError);
  });

  it('whatever it is: words, or a usage error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => {
        try {
          parseWords(splitLine(line), { args: [0, 50], options: { a: true } });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});
