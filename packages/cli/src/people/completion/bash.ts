import { WORDS_OF_KIND } from './kinds.ts';
import type { CompletedCommand } from './model.ts';
import { flagsOf, valueOptions } from './words.ts';

/** A completion script for bash 3.2 and newer. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const steps = commands.flatMap(({ path, subcommands }) =>
    subcommands.map(({ name }) => `      '${path} ${name}') path="$path $word" ;;`),
  );
  const cases = commands.flatMap((command) => {
    const values = valueOptions(command).map(({ names, words, live }) => {
      const reply = live === undefined ? `words='${words}'` : `words=$(${live} 2>/dev/null)`;
      return `        ${names.join('|')}) ${words === undefined && live === undefined ? 'files=1' : reply} ;;`;
    });
    const own = command.argument === undefined ? '' : ` $(${WORDS_OF_KIND[command.argument]} 2>/dev/null)`;
    return [
      `    '${command.path}')`,
      '      case $before in',
      ...values,
      '        *)',
      `          if [[ $current == -* ]]; then words='${flagsOf(command).join(' ')}'`,
      `          else words="${[...command.subcommands.map(({ name }) => name), ...command.choices].join(' ')}${own}"${command.files ? '; files=1' : ''}; fi ;;`,
      '      esac ;;',
    ];
  });
  return `# Completion of porchlight for bash. Put it to use with:  source <(porchlight completion bash)
_porchlight() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path=porchlight words= files= word at
  # compgen runs what looks like a command in its words, and these come from elsewhere: nothing but names is left.
  local others=$'[!a-zA-Z0-9\\n ./:_-]'
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case "$path $word" in
${steps.join('\n')}
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "\${words//$others/}" -- "$current"))
  if [[ -n $files ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -F _porchlight porchlight
`;
}
