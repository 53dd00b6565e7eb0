import { Argument, type Option } from 'commander';

/** What a word on the command line can be, beside commands and options. */
export type WordKind = 'device' | 'service' | 'request';

/** What prints the words of a kind, one a line; run by the shell when somebody presses Tab. */
export const WORDS_OF_KIND: Readonly<Record<WordKind, string>> = {
  device: 'porchlight devices --quiet',
  service: 'porchlight services --quiet',
  request: 'porchlight requests --quiet',
};

const kinds = new WeakMap<Argument | Option, WordKind>();

/** An argument that a shell completes with what there is now at the relay. */
export function named(name: string, description: string, kind: WordKind): Argument {
  const argument = new Argument(name, description);
  kinds.set(argument, kind);
  return argument;
}

/** The same for the value of an option. */
export function valued(option: Option, kind: WordKind): Option {
  kinds.set(option, kind);
  return option;
}

export function kindOf(word: Argument | Option): WordKind | undefined {
  return kinds.get(word);
}
