/** Options of OpenSSH's ssh(1) that have a value. */
const WITH_VALUE = new Set([...'BbcDEeFIiJLlmOoPpQRSWw']);

export interface SshArguments {
  /** Options, in order, as they were given. */
  readonly options: readonly string[];
  /** `USER` of `USER@NAME`. */
  readonly user: string | undefined;
  readonly device: string;
  /** What stands behind the name: more options, and the command to run. */
  readonly rest: readonly string[];
}

/**
 * Reads a command line as ssh(1) does: options, `[USER@]NAME`, further options and the command. So that it can stand
 * in ssh's place, e.g. for `rsync -e`. A `--` right behind the name is dropped. Undefined: no name is there, or a
 * user that would be taken for an option.
 */
export function parseSshArguments(words: readonly string[]): SshArguments | undefined {
  const options: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') continue;
    if (!word.startsWith('-') || word === '-') return withName(options, word, words.slice(at + 1));
    options.push(word);
    if (takesNext(word)) {
      at += 1;
      options.push(words[at] ?? '');
    }
  }
  return undefined;
}

/** `-p`, `-vp`: the value is the next word. `-p22` has it. */
function takesNext(word: string): boolean {
  for (let at = 1; at < word.length; at += 1) {
    if (WITH_VALUE.has(word[at] ?? '')) return at === word.length - 1;
  }
  return false;
}

function withName(
  options: readonly string[],
  name: string,
  behind: readonly string[],
): SshArguments | undefined {
  const at = name.lastIndexOf('@');
  const user = at < 0 ? undefined : name.slice(0, at);
  // Nothing that ssh would take for an option, or a shell for more than a word.
  if (user !== undefined && !/^[\w.][\w.@+-]{0,63}$/.test(user)) return undefined;
  const rest = behind[0] === '--' ? behind.slice(1) : behind;
  return { options, user, device: name.slice(at + 1), rest };
}
