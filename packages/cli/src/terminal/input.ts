import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

const INPUT_MAX = 10_000;

/** All of standard input, without the line end behind it. @throws RangeError when it is longer than any password */
export async function readStandardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > INPUT_MAX)
      throw new RangeError(`standard input is longer than ${INPUT_MAX} characters`);
  }
  return text.replace(/\r?\n$/, '');
}

/** Asks at the terminal, and shows nothing of what is typed; undefined when the person gave up (Ctrl-C, Ctrl-D). */
export async function askPassword(prompt: string): Promise<string | undefined> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask(unseen, () => process.stderr.write(prompt));
  process.stderr.write('\n');
  return answer;
}

/** Asks for yes or no; no is what anything but "y" or "yes" means. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(process.stderr, () => process.stderr.write(`${question} [y/N] `));
  return /^y(?:es)?$/i.test(answer?.trim() ?? '');
}

/** Prompts only when the terminal has stopped to show by itself what is typed. */
async function ask(output: Writable, prompt: () => void): Promise<string | undefined> {
  const gone = new AbortController();
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  lines.on('SIGINT', () => gone.abort());
  lines.on('close', () => gone.abort());
  prompt();
  try {
    return await lines.question('', { signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) return undefined;
    throw error;
  } finally {
    lines.close();
  }
}
