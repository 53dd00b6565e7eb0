import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram, runProgram } from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, openPeopleRig, PATIENT, type PeopleRig } from './cli-people-rig.ts';

const bash = await requireProgram('bash', 'bash');
const zsh = await requireProgram('zsh', 'zsh');
const fish = await requireProgram('fish', 'fish');
const MAIN = join(import.meta.dirname, '../../packages/cli/src/main.ts');

describe.skipIf(missing !== undefined)(`porchlight in real shells ${missing ?? ''}`, () => {
  let rig: PeopleRig;

  beforeAll(async () => {
    rig = await openPeopleRig();
    await mkdir(rig.at('bin'));
    await writeFile(rig.at('bin/porchlight'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
    await chmod(rig.at('bin/porchlight'), 0o755);
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, stdout } = await rig.porchlight(['completion', shell]);
      expect(code).toBe(0);
      await writeFile(rig.at(`completion.${shell}`), stdout);
    }
  });
  afterAll(() => rig?.close());

  const env = () => ({ ...rig.env(), PATH: `${rig.at('bin')}:${process.env['PATH'] ?? ''}`, TERM: 'dumb' });

  /** What each shell offers for the last word of a line. */
  const shells: [name: string, lacks: string | undefined, offer: (line: string) => Promise<string[]>][] = [
    [
      'bash',
      bash.missing,
      (line) =>
        offered(
          'bash',
          `source ${rig.at('completion.bash')}
           IFS=' ' read -ra COMP_WORDS <<< "$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
           COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _porchlight; printf '%s\\n' "\${COMPREPLY[@]}"`,
          line,
        ),
    ],
    [
      'zsh',
      zsh.missing,
      // The parts of zsh's own completion system that the script calls, so that they say what they are given.
      (line) =>
        offered(
          'zsh',
          `compdef() { : }; _files() { : }
           compadd() { [[ $1 == -- ]] && shift; print -rl -- $@ }
           _describe() { local each; for each in \${(P)2}; do print -r -- \${each%%:*}; done }
           source ${rig.at('completion.zsh')}
           words=(\${(z)1}); [[ $1 == *' ' ]] && words+=(''); CURRENT=\${#words}; _porchlight`,
          line,
        ),
    ],
    [
      'fish',
      fish.missing,
      (line) => offered('fish', `source ${rig.at('completion.fish')}; complete -C "$argv[1]"`, line),
    ],
  ];

  async function offered(shell: string, script: string, line: string): Promise<string[]> {
    const last = line.split(' ').at(-1) ?? '';
    const extra = shell === 'fish' ? [] : [shell];
    const { stdout, stderr } = await runProgram(shell, ['-c', script, ...extra, line], { env: env() });
    expect(stderr).toBe('');
    const words = stdout.split('\n').map((each) => each.split('\t')[0] ?? '');
    return words.filter((word) => word !== '' && word.startsWith(last)).sort();
  }

  it.each(shells)('%s completes commands, options, values and what there is', async (_name, lacks, offer) => {
    if (lacks !== undefined) return expect(process.env['CI']).not.toBe('true');
    expect(await offer('porchlight dev')).toEqual(['device', 'devices']);
    expect(await offer('porchlight device ')).toEqual(['robot']);
    expect(await offer('porchlight open ro')).toEqual(['robot/echo', 'robot/ssh', 'robot/web']);
    expect(await offer('porchlight logs --device ')).toEqual(['robot']);
    expect(await offer('porchlight logs --fo')).toEqual(['--follow']);
    expect(await offer('porchlight relay user ')).toEqual(
      expect.arrayContaining(['add', 'list', 'password', 'remove', 'role']),
    );
    expect(await offer('porchlight completion ')).toEqual(['bash', 'fish', 'zsh']);
    return undefined;
  });

  it('watch is a live list on a terminal, until q', async () => {
    const { started, shown } = onTerminal('porchlight watch');
    await expect.poll(shown, PATIENT).toMatch(/1 device, 1 up[^]*robot +online/);
    await rig.robot.stop();
    await expect.poll(shown, PATIENT).toMatch(/1 device, 0 up[^]*robot +offline/);
    started.stdin.write('q');
    expect(await new Promise((resolve) => started.on('close', resolve))).toBe(0);
    await rig.robot.start();
  });

  it('colours are for terminals only, and not with NO_COLOR', async () => {
    const coloured = onTerminal('porchlight devices');
    await new Promise((resolve) => coloured.started.on('close', resolve));
    expect(coloured.shown()).toContain('\u001b[32monline');
    const plain = onTerminal('NO_COLOR=1 porchlight devices');
    await new Promise((resolve) => plain.started.on('close', resolve));
    expect(plain.shown()).toContain('online');
    expect(plain.shown()).not.toContain('\u001b');
    expect((await rig.porchlight(['devices'])).stdout).not.toContain('\u001b');
  });

  function onTerminal(command: string) {
    let text = '';
    // Where this is set, Node takes no terminal for one with colours.
    const words = `unset CI; ${command}`;
    const started = spawn('script', ['-qec', words, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env(), TERM: 'xterm-256color' },
    });
    started.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    return { started, shown: () => text };
  }
});
