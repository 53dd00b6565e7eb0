import type { Command, Option } from 'commander';
import { kindOf, type WordKind } from './kinds.ts';

/** One command as a shell completes it. */
export interface CompletedCommand {
  /** Words up to it, e.g. `porchlight relay user`. */
  readonly path: string;
  readonly subcommands: readonly Described[];
  readonly options: readonly CompletedOption[];
  /** Words that its first argument can be. */
  readonly choices: readonly string[];
  /** What its arguments are; undefined: choices, files, or anything. */
  readonly argument: WordKind | undefined;
  /** Takes arguments of which nothing is known. */
  readonly files: boolean;
}

export interface Described {
  readonly name: string;
  readonly description: string;
}

export interface CompletedOption extends Described {
  /** `-f`, where there is one. */
  readonly short: string | undefined;
  /** Its value; undefined: it takes none. */
  readonly value: { readonly kind: WordKind | undefined; readonly choices: readonly string[] } | undefined;
}

/** Every command of a program with what can follow it, in the order of help. */
export function completionModel(program: Command): CompletedCommand[] {
  return modelOf(program, program.name());
}

function modelOf(command: Command, path: string): CompletedCommand[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const [first] = command.registeredArguments;
  const kind = command.registeredArguments.map(kindOf).find((each) => each !== undefined);
  const own: CompletedCommand = {
    path,
    subcommands: children.map((child) => ({
      name: child.name(),
      description: firstSentence(child.description()),
    })),
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionOf), HELP],
    choices: first?.argChoices ?? [],
    argument: kind,
    files: kind === undefined && first !== undefined && first.argChoices === undefined,
  };
  return [own, ...children.flatMap((child) => modelOf(child, `${path} ${child.name()}`))];
}

const HELP: CompletedOption = {
  name: '--help',
  short: '-h',
  description: 'help for this command',
  value: undefined,
};

function optionOf(option: Option): CompletedOption {
  return {
    name: option.long ?? option.short ?? '',
    short: option.long === undefined ? undefined : option.short,
    description: firstSentence(option.description),
    value: option.isBoolean() ? undefined : { kind: kindOf(option), choices: option.argChoices ?? [] },
  };
}

/** Without what environment variable does the same, and without more than a line has room for. */
function firstSentence(text: string): string {
  const [first = ''] = text.replace(/ \(env: \w+\)$/, '').split(/[.;:](?: |$)/);
  return first.replaceAll("'", '’').replace(/["`\\$[\]]/g, '');
}
