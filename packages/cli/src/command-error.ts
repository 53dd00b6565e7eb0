import { EXIT } from './exit-code.ts';
import { ownName } from './own-name.ts';
import { harmless, styled } from './terminal/index.ts';

/** What a command ends with when it cannot do as it was told: one line, a hint, and the exit code. */
export class CommandError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CommandError';
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** Writes an error as an `error:` and a `hint:` line on standard error; gives the exit code. */
export function reportError(error: unknown): number {
  const { message, hint, exitCode } = explain(error);
  process.stderr.write(`${styled.error('error:')} ${oneByOne(message)}\n`);
  if (hint !== undefined) process.stderr.write(`${styled.hint('hint:')} ${harmless(hint)}\n`);
  return exitCode;
}

/** The lines of a stack stay lines; nothing else in it, e.g. of a relay's answer, reaches the terminal raw. */
function oneByOne(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}

interface Explained {
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

/** Errors of the relay, the agent and the client are known by their names only: a command loads what it needs of them. */
function explain(error: unknown): Explained {
  if (!(error instanceof Error)) return { message: String(error), hint: undefined, exitCode: EXIT.failed };
  if (error instanceof CommandError) return error;
  if (error.name === 'ConfigError' || error.name === 'StorageError') {
    return { ...splitHint(error.message), exitCode: exitCodeOf(Reflect.get(error, 'kind')) };
  }
  if (error.name === 'PorchlightError') {
    const { message, hint = String(Reflect.get(error, 'hint')) } = splitHint(error.message);
    const exitCode = EXIT_OF_CODE.get(Reflect.get(error, 'code')) ?? EXIT.failed;
    return { message, hint: exitCode === EXIT.notLoggedIn ? `${ownName} login` : hint, exitCode };
  }
  // A file or a network of the system: its own words are enough. Anything else is a fault of ours, so show where.
  const fromSystem = 'syscall' in error;
  const message = fromSystem ? error.message : (error.stack ?? error.message);
  const hint = fromSystem ? undefined : 'This is a fault in porchlight: please report it with these lines.';
  return { message, hint, exitCode: EXIT.failed };
}

/** Kinds of the agent's ConfigError; the relay's and StorageError have none. */
function exitCodeOf(kind: unknown): number {
  if (kind === undefined || kind === 'settings') return EXIT.usage;
  return kind === 'stopped' ? EXIT.stopped : EXIT.failed;
}

/** Codes of PorchlightError that scripts may want to tell from others. */
const EXIT_OF_CODE: ReadonlyMap<unknown, number> = new Map([
  ['device_offline', EXIT.linkDown],
  ['not_signed_in', EXIT.notLoggedIn],
  ['token_invalid', EXIT.notLoggedIn],
]);

/** `cause: mend` in one line, as the relay and the agent write their errors; the part after the last `: ` is the hint. */
function splitHint(line: string): { message: string; hint: string | undefined } {
  const at = line.lastIndexOf(': ');
  return at < 0
    ? { message: line, hint: undefined }
    : { message: line.slice(0, at), hint: line.slice(at + 2) };
}
