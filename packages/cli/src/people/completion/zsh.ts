import { WORDS_OF_KIND } from './kinds.ts';
import type { CompletedCommand } from './model.ts';
import { namesOf, valueOptions } from './words.ts';

/** A completion script for zsh. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const steps = commands.flatMap(({ path, subcommands }) =>
    subcommands.map(({ name }) => `      '${path} ${name}') at="$at $word" ;;`),
  );
  const cases = commands.flatMap((command) => {
    const values = valueOptions(command).map(({ names, words, live }) => {
      const reply = live === undefined ? `compadd -- ${words}` : `compadd -- \${(f)"$(${live} 2>/dev/null)"}`;
      return `        ${names.join('|')}) ${words === undefined && live === undefined ? '_files' : reply} ;;`;
    });
    const flags = command.options.flatMap((option) =>
      namesOf(option).map((name) => `'${name}:${option.description}'`),
    );
    const subcommands = command.subcommands.map(({ name, description }) => `'${name}:${description}'`);
    return [
      `    '${command.path}')`,
      '      case $before in',
      ...values,
      '        *)',
      `          if [[ $current == -* ]]; then options=(${flags.join(' ')}); _describe option options`,
      '          else',
      ...(subcommands.length === 0
        ? []
        : [`            options=(${subcommands.join(' ')}); _describe command options`]),
      ...(command.choices.length === 0 ? [] : [`            compadd -- ${command.choices.join(' ')}`]),
      ...(command.argument === undefined
        ? []
        : [`            compadd -- \${(f)"$(${WORDS_OF_KIND[command.argument]} 2>/dev/null)"}`]),
      ...(command.files ? ['            _files'] : []),
      '            :',
      '          fi ;;',
      '      esac ;;',
    ];
  });
  return `#compdef porchlight
# Completion of porchlight for zsh. Put it to use with:  source <(porchlight completion zsh)
_porchlight() {
  local current=\${words[CURRENT]} before=\${words[CURRENT-1]} at=porchlight word
  local -a options
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
${steps.join('\n')}
    esac
  done
  case $at in
${cases.join('\n')}
  esac
}
compdef _porchlight porchlight
`;
}
