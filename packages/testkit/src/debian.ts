import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Test processes that want packages at the same time wait for each other here. */
const LOCK = '/tmp/porchlight-apt.lock';
/** Time for the package lists and one package, over a slow line. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;
/**
 * Installs the package `$1`. Unless the machine has a policy of its own, one that forbids Debian's packages to start
 * their services (invoke-rc.d(8)) is in force meanwhile. The lists are fetched only when those there do not do.
 */
const INSTALL = `
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy || exit 1
  fi
  get() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$1"; }
  get "$1" || { apt-get update && get "$1"; }
`;

/** A program of the system, or why it cannot be had. */
export type RequiredProgram =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

export interface RequireOptions {
  /** Folders to look in beside PATH; a part `*` stands for each entry there, highest version first. */
  readonly folders?: readonly string[];
  /** Done before the package is installed, e.g. to keep it from setting itself up. */
  readonly beforeInstall?: () => void;
}

/**
 * Finds a real program that a test talks to, and installs its Debian package first if it is missing and this
 * process is root; the package's service is not started. Where it cannot be had, `missing` says why, for a test to be
 * skipped with; under `CI=true` nothing may be skipped, so there it throws.
 *
 * ```ts
 * const sshd = await requireProgram('sshd', 'openssh-server');
 * describe.skipIf(sshd.missing)(`OpenSSH${sshd.missing ?? ''}`, () => { … sshd.path … });
 * ```
 */
export async function requireProgram(
  program: string,
  packageName: string,
  options: RequireOptions = {},
): Promise<RequiredProgram> {
  const path = find(program, options.folders) ?? (await install(program, packageName, options));
  if (typeof path === 'string') return { path };
  if (process.env['CI'] === 'true') throw new Error(path.missing);
  return path;
}

async function install(
  program: string,
  packageName: string,
  { folders, beforeInstall }: RequireOptions,
): Promise<string | { missing: string }> {
  const missing = `${program} is not installed: on Debian, apt-get install ${packageName}`;
  if (process.getuid?.() !== 0 || find('apt-get') === undefined) return { missing };
  try {
    beforeInstall?.();
    await run('flock', [LOCK, 'sh', '-c', INSTALL, 'install', packageName], {
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    return { missing: `${missing} (which failed: ${lastLine(error)})` };
  }
  return find(program, folders) ?? { missing: `${program} is not in the package ${packageName}` };
}

function lastLine(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return said.trim().split('\n').at(-1) ?? '';
}

/** Daemons are in the sbin folders, which an ordinary user's PATH lacks. */
function find(program: string, folders: readonly string[] = []): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of [...folders.flatMap(expand), ...path, '/usr/sbin', '/sbin', '/usr/local/sbin']) {
    const candidate = join(folder, program);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}

function expand(folder: string): string[] {
  const [before, after] = folder.split('/*');
  if (before === undefined || after === undefined) return [folder];
  let names: string[];
  try {
    names = readdirSync(before);
  } catch {
    return [];
  }
  names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return names.map((name) => `${before}/${name}${after}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
