import { type Command, UsageError, type Words } from './command.ts';

/** Longest command line, in characters: an RSA key of 8192 bit fits. */
const LINE_MAX = 8 * 1024;
const WORDS_MAX = 100;

/**
 * Splits a command line into words as a shell does: quotes and backslashes count, and nothing is ever expanded.
 * @throws UsageError
 */
export function splitLine(line: string): string[] {
  if (line.length > LINE_MAX) throw new UsageError(`the command is longer than ${LINE_MAX} characters`);
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (quote === "'") {
      if (char === "'") quote = '';
      else word += char;
    } else if (char === '\\') {
      at += 1;
      if (at === line.length) throw new UsageError('nothing follows the backslash at the end');
      word = (word ?? '') + (line[at] ?? '');
    } else if (quote === '"') {
      if (char === '"') quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') throw new UsageError('a quotation mark is missing');
  if (word !== undefined) words.push(word);
  if (words.length > WORDS_MAX) throw new UsageError(`more than ${WORDS_MAX} words`);
  return words;
}

/** Reads what follows a command's name. @throws UsageError */
export function parseWords(words: readonly string[], command: Pick<Command, 'args' | 'options'>): Words {
  const known = new Map(Object.entries(command.options ?? {}));
  const values = new Map<string, string[]>();
  const args: string[] = [];
  let json = false;
  let onlyArgs = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (onlyArgs || !word.startsWith('--') || word === '-') {
      args.push(word);
    } else if (word === '--') {
      onlyArgs = true;
    } else if (word === '--json') {
      json = true;
    } else {
      const [name = '', ...inline] = word.slice(2).split('=');
      const several = known.get(name);
      if (several === undefined) throw new UsageError(`there is no option --${name}`);
      const value = inline.length > 0 ? inline.join('=') : words[++at];
      if (value === undefined) throw new UsageError(`--${name} needs a value`);
      const given = values.get(name) ?? [];
      if (given.length > 0 && !several) throw new UsageError(`--${name} is given twice`);
      values.set(name, [...given, value]);
    }
  }
  const [least, most] = command.args;
  if (args.length < least) throw new UsageError('something is missing');
  if (args.length > most) throw new UsageError('too many words');
  return { args, json, all: (option) => values.get(option) ?? [], one: (option) => values.get(option)?.[0] };
}
