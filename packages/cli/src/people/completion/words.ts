import { WORDS_OF_KIND } from './kinds.ts';
import type { CompletedCommand, CompletedOption } from './model.ts';

/** All ways to write the options of a command. */
export function flagsOf({ options }: CompletedCommand): string[] {
  return options.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short]));
}

/** An option whose next word is its value. */
export interface ValueOption {
  readonly names: readonly string[];
  /** Its choices; undefined: files, or what `live` prints. */
  readonly words: string | undefined;
  readonly live: string | undefined;
}

export function valueOptions({ options }: CompletedCommand): ValueOption[] {
  return options.flatMap((option) => {
    const { value } = option;
    if (value === undefined) return [];
    const words = value.choices.length === 0 ? undefined : value.choices.join(' ');
    return [{ names: namesOf(option), words, live: value.kind && WORDS_OF_KIND[value.kind] }];
  });
}

export function namesOf({ name, short }: CompletedOption): string[] {
  return short === undefined ? [name] : [name, short];
}
