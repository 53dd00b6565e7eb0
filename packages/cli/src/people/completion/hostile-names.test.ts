import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { requireProgram, runProgram } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import type { CompletedCommand } from './model.ts';
import { zshScript } from './zsh.ts';

const COMMANDS: readonly CompletedCommand[] = [
  command('porchlight', { subcommands: [{ name: 'device', description: 'Tell all.' }] }),
  command('porchlight device', { argument: 'device' }),
];
/** What a relay could call a device, to have it run by the shell of whoever presses Tab. */
const NAMES = [
  'robot',
  '$(touch hit1)',
  '`touch hit2`',
  '";touch hit3;"',
  "';touch hit4;'",
  '${x:=$(touch hit5)}',
  '(touch hit6)',
  '<(touch hit7)',
  '*',
];

const bash = await requireProgram('bash', 'bash');
const zsh = await requireProgram('zsh', 'zsh');
const fish = await requireProgram('fish', 'fish');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-completion-'));
  await writeFile(join(folder, 'names'), `${NAMES.join('\n')}\n`);
  await writeFile(join(folder, 'porchlight'), `#!/bin/sh\nexec cat "${join(folder, 'names')}"\n`);
  await chmod(join(folder, 'porchlight'), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  [
    'bash',
    bash.missing,
    `${bashScript(COMMANDS)}
     COMP_WORDS=(porchlight device ''); COMP_CWORD=2; _porchlight; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  [
    'zsh',
    zsh.missing,
    `compdef() { : }; compadd() { [[ $1 == -- ]] && shift; print -rl -- $@ }
     ${zshScript(COMMANDS)}
     words=(porchlight device ''); CURRENT=3; _porchlight`,
  ],
  ['fish', fish.missing, `${fishScript(COMMANDS)}\ncomplete -C 'porchlight device '`],
])('%s runs nothing that a name says', async (shell, lacks, script) => {
  if (lacks !== undefined) return expect(process.env['CI']).not.toBe('true');
  const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, HOME: folder, PATH: path };
  const { stdout } = await runProgram(shell, ['-c', `cd '${folder}'\n${script}`], { env });
  expect(stdout.split('\n')).toContain('robot');
  expect((await readdir(folder)).filter((name) => name.startsWith('hit'))).toEqual([]);
  return undefined;
});

function command(path: string, more: Partial<CompletedCommand>): CompletedCommand {
  return { path, subcommands: [], options: [], choices: [], argument: undefined, files: false, ...more };
}
