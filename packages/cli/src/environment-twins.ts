import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-code.ts';

const twins = new WeakMap<Option, string>();

/** An option that can be given as an environment variable too; a flag goes before it, and an empty one counts as not set. */
export function twinned(flags: string, description: string, twin: string): Option {
  const option = new Option(flags, `${description} (env: ${twin})`);
  twins.set(option, twin);
  return option;
}

/**
 * Gives a command the values of its options' environment twins where its command line has none.
 * @throws CommandError that names the variable
 */
export function applyEnvironment(command: Command, env: NodeJS.ProcessEnv): void {
  for (const option of command.options) {
    const twin = twins.get(option);
    const text = twin === undefined ? undefined : env[twin]?.trim();
    if (twin === undefined || text === undefined || text === '') continue;
    const attribute = option.attributeName();
    const source = command.getOptionValueSource(attribute);
    if (source !== undefined && source !== 'default') continue;
    command.setOptionValueWithSource(attribute, valueOf(option, twin, text), 'env');
  }
}

function valueOf(option: Option, twin: string, text: string): unknown {
  if (option.isBoolean()) {
    if (/^(?:1|true|yes|on)$/i.test(text)) return true;
    if (/^(?:0|false|no|off)$/i.test(text)) return undefined;
    throw refused(twin, `"${text}" is neither yes nor no`);
  }
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw refused(twin, error.message);
    throw error;
  }
}

function refused(twin: string, why: string): CommandError {
  return new CommandError(`${twin}: ${why}`, {
    hint: `correct it, or unset ${twin}`,
    exitCode: EXIT.usage,
  });
}
