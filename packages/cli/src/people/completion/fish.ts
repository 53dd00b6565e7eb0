import { WORDS_OF_KIND } from './kinds.ts';
import type { CompletedCommand, CompletedOption } from './model.ts';

/** A completion script for fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const steps = commands.flatMap(({ path, subcommands }) =>
    subcommands.map(({ name }) => `      case '${path} ${name}'\n        set at "$at $word"`),
  );
  const lines = commands.flatMap((command) => {
    const when = `-n '__porchlight_at "${command.path}"'`;
    return [
      ...command.subcommands.map(
        ({ name, description }) => `complete -c porchlight -f ${when} -a ${name} -d '${description}'`,
      ),
      ...command.choices.map((word) => `complete -c porchlight -f ${when} -a ${word}`),
      ...(command.argument === undefined
        ? []
        : [`complete -c porchlight -f ${when} -a '(${WORDS_OF_KIND[command.argument]} 2>/dev/null)'`]),
      ...(command.files || command.argument !== undefined ? [] : [`complete -c porchlight -f ${when}`]),
      ...command.options.map((option) => `complete -c porchlight ${when} ${optionWords(option)}`),
    ];
  });
  return `# Completion of porchlight for fish. Put it to use with:  porchlight completion fish | source
function __porchlight_at
  set -l at porchlight
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
${steps.join('\n')}
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function optionWords({ name, short, description, value }: CompletedOption): string {
  const words = [
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
  ];
  if (value !== undefined) {
    words.push('-r');
    if (value.kind !== undefined) words.push(`-f -a '(${WORDS_OF_KIND[value.kind]} 2>/dev/null)'`);
    else if (value.choices.length > 0) words.push(`-f -a '${value.choices.join(' ')}'`);
  }
  return [...words, `-d '${description}'`].join(' ');
}
