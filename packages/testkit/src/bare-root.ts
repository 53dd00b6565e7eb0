import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type RequiredProgram, requireProgram } from './debian.ts';
import { type Finished, type RunningProgram, runProgram, startProgram } from './processes.ts';

const run = promisify(execFile);

/** Runs `$@` with the folder `$0` as its root and a `/proc` of its own mount; user and group are `$U`. */
const ENTER = `
  mount -t proc proc "$0/proc" || exit 126
  exec env -i PATH=/bin:/usr/bin HOME="$H" /usr/sbin/chroot --userspec="$U" "$0" "$@"
`;

/** A small Linux of its own: busybox for everything, and the programs that it was given. The network is the machine's. */
export interface BareRoot {
  /** Where its root is outside. */
  readonly path: string;
  /** Runs a program in it to its end; what that leaves behind in the background goes on. */
  run(...command: readonly string[]): Promise<Finished>;
  /** As {@link run}, for an ordinary user whose home is `/home/user`. */
  runAsUser(...command: readonly string[]): Promise<Finished>;
  start(...command: readonly string[]): RunningProgram;
  read(path: string): Promise<string>;
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Every file below a folder in it, sorted, with its path. */
  files(folder: string): Promise<string[]>;
  /** Process ids of what runs in it and has this in its command line. */
  processes(word: string): Promise<number[]>;
  /** Ends what still runs in it, and removes it. */
  close(): Promise<void>;
}

/** Whether such a root can be made here; otherwise why not. */
export async function requireBareRoot(): Promise<RequiredProgram> {
  const busybox = await requireProgram('busybox', 'busybox');
  if (busybox.missing !== undefined) return busybox;
  const tried = await runProgram('unshare', [
    '-m',
    'sh',
    '-c',
    'mount -t proc proc /proc && mknod /tmp/.porchlight-null-$$ c 1 3 && rm /tmp/.porchlight-null-$$',
  ]);
  if (tried.code === 0) return busybox;
  const missing = `a root of its own needs root and CAP_SYS_ADMIN: ${tried.stderr.trim()}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  return { missing };
}

/** Makes a root with busybox and these programs, by their paths outside; `names` are host names that lead to loopback. */
export async function openBareRoot(options: {
  readonly programs: readonly string[];
  readonly names: readonly string[];
  /** Path outside of what is `/bin/sh`; busybox without. */
  readonly shell?: string;
}): Promise<BareRoot> {
  const path = await mkdtemp(join(tmpdir(), 'porchlight-root-'));
  const busybox = (await requireBareRoot()).path ?? 'busybox';
  // Others than root have to get in.
  await chmod(path, 0o755);
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'root', 'tmp', 'usr/bin', 'var/run', 'home/user']) {
    await mkdir(join(path, folder), { recursive: true });
  }
  await run('chown', ['65534:65534', join(path, 'home/user')]);
  await run('chmod', ['1777', join(path, 'tmp')]);
  const into = async (file: string, to = file): Promise<void> => {
    await mkdir(dirname(join(path, to)), { recursive: true });
    await copyFile(file, join(path, to));
    await chmod(join(path, to), 0o755);
  };
  const programs = [...options.programs, ...(options.shell === undefined ? [] : [options.shell])];
  for (const program of [busybox, ...programs]) {
    const { stdout } = await run('ldd', [program]);
    for (const [library] of stdout.matchAll(/\/\S+/g)) await into(library);
  }
  await into(busybox, '/bin/busybox');
  await run('/usr/sbin/chroot', [path, '/bin/busybox', '--install', '-s', '/bin']);
  for (const program of programs) await into(program, `/usr/bin/${program.split('/').at(-1)}`);
  if (options.shell !== undefined) {
    await rm(join(path, 'bin/sh'));
    await into(options.shell, '/bin/sh');
  }
  for (const [name, ...numbers] of [
    ['null', '1', '3'],
    ['zero', '1', '5'],
    ['urandom', '1', '9'],
    ['tty', '5', '0'],
  ] as const) {
    await run('mknod', ['-m', '666', join(path, 'dev', name), 'c', ...numbers]);
  }
  await writeFile(
    join(path, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:65534:65534:user:/home/user:/bin/sh\n',
  );
  await writeFile(join(path, 'etc/hosts'), `127.0.0.1 localhost ${options.names.join(' ')}\n`);

  const enter = (user: string, home: string, command: readonly string[]): [string, string[]] => [
    'unshare',
    ['-m', 'env', `U=${user}`, `H=${home}`, 'sh', '-c', ENTER, path, ...command],
  ];
  const inside = async (): Promise<number[]> => {
    const found: number[] = [];
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      // It may end meanwhile.
      const root = await readlink(`/proc/${entry}/root`).catch(() => undefined);
      if (root === path) found.push(Number(entry));
    }
    return found;
  };
  return {
    path,
    run: (...command) => runProgram(...enter('0:0', '/root', command)),
    runAsUser: (...command) => runProgram(...enter('65534:65534', '/home/user', command)),
    start: (...command) => startProgram(...enter('0:0', '/root', command)),
    read: (file) => readFile(join(path, file), 'utf8'),
    async write(file, text, mode = 0o644) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
      await chmod(join(path, file), mode);
    },
    async files(folder) {
      const entries = await readdir(join(path, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length))
        .sort();
    },
    async processes(word) {
      const found: number[] = [];
      for (const pid of await inside()) {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (line.replaceAll('\0', ' ').includes(word)) found.push(pid);
      }
      return found;
    },
    async close() {
      for (let left = await inside(); left.length > 0; left = await inside()) {
        for (const pid of left) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
          }
        }
      }
      await rm(path, { recursive: true, force: true });
    },
  };
}
