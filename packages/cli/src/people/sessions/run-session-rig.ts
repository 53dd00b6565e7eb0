import { Readable } from 'node:stream';
import { programFor } from '../../commands.ts';
import { run, runToEnd } from '../../program.ts';
import { showNextStep } from '../next-step/index.ts';

/** One command of a session: what is typed, and what is given on standard input. */
interface Typed {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

/**
 * Runs the commands of a session file (`$ [NAME=value] porchlight … [< input]`), one after the other, and gives the
 * file as it should be: comments, each command with its standard output, standard error behind `! `, and `[exit N]`.
 * All in this process, so that a hundred commands take no longer than a few.
 */
export async function runSession(
  session: string,
  { port, config }: { readonly port: number; readonly config: string },
): Promise<string> {
  const shown: string[] = [];
  const steady = (text: string): string =>
    text
      .replaceAll(String(port), 'PORT')
      .replaceAll(config, 'CONFIG')
      .replace(/\b\d+ ms/g, 'N ms')
      .replace(/("\w+At": )\d+/g, '$1INSTANT');
  const home = {
    PATH: '/nowhere',
    HOME: config,
    XDG_CONFIG_HOME: config,
    PORCHLIGHT_DATA: `${config}/agent`,
  };
  for (const line of session.split('\n')) {
    if (line.startsWith('#')) shown.push(...(shown.length === 0 ? [] : ['']), line);
    if (!line.startsWith('$ ')) continue;
    const typed = parse(line.slice(2).replaceAll('PORT', String(port)));
    const { code, stdout, stderr } = await runHere({ ...typed, env: { ...home, ...typed.env } });
    shown.push('', line, ...linesOf(steady(stdout)), ...linesOf(steady(stderr)).map((each) => `! ${each}`));
    if (code !== 0) shown.push(`[exit ${code}]`);
  }
  return `${shown.join('\n')}\n`;
}

/** As `main.ts` does, with an environment, an input and ears of its own. */
async function runHere({ words, env, input }: Typed) {
  const { stdout, stderr, env: envBefore } = process;
  const said = { stdout: '', stderr: '' };
  const writes = [stdout.write, stderr.write] as const;
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') ?? {};
  stdout.write = (text: unknown) => ((said.stdout += String(text)), true);
  stderr.write = (text: unknown) => ((said.stderr += String(text)), true);
  Object.defineProperty(process, 'stdin', {
    value: Readable.from([Buffer.from(input)], { objectMode: false }),
    configurable: true,
  });
  process.env = { ...env };
  process.exitCode = undefined;
  try {
    const code = await (words.length === 0
      ? runToEnd(showNextStep)
      : run(await programFor(words[0]), ['node', 'porchlight', ...words]));
    return { code, ...said };
  } finally {
    [stdout.write, stderr.write] = writes;
    Object.defineProperty(process, 'stdin', stdin);
    process.env = envBefore;
    process.exitCode = undefined;
  }
}

function parse(text: string): Typed {
  const [command = '', input = ''] = text.split(' < ');
  const words = command.split(' ');
  const env: Record<string, string> = {};
  while (words[0] !== undefined && words[0] !== 'porchlight') {
    const [name = '', value = ''] = words.shift()?.split('=') ?? [];
    env[name] = value;
  }
  return { words: words.slice(1), env, input };
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
