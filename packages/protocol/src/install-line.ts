/** The one line that makes a device out of a machine with nothing but ssh. */

/** Where a relay has its installer, as it tells in `/api/me`. */
export interface Installer {
  /** Of `phone-home.sh`; plain HTTP where it can be had, as busybox's wget knows no other. */
  readonly url: string;
  /** SHA-256 of the script, hex: the line runs nothing else. */
  readonly sha256: string;
  /** `host:port` at which devices reach the relay by SSH. */
  readonly address: string;
  /** `ssh-ed25519 AAAA…`: the relay has to prove it. */
  readonly hostKey: string;
  /** The URL's certificate is of the relay's own authority, which the device does not know; the hash makes up for it. */
  readonly ownAuthority: boolean;
}

/** What becomes of the device. */
export interface InstallOptions {
  /** Undefined: its host name. */
  readonly name?: string | undefined;
  /** An enrolment token; undefined: a person presses Allow. */
  readonly token?: string | undefined;
  /** `call`: it calls home every minute; `always`: it stays linked. */
  readonly mode?: 'call' | 'always' | undefined;
  /** Its TCP ports that people may ask for, or that it offers all the time; undefined: 22 and 80. */
  readonly ports?: readonly number[] | undefined;
  /** What starts it; undefined: found out on the device. */
  readonly start?: 'procd' | 'systemd' | 'cron' | 'rc.local' | undefined;
  /** What fetches the script there. */
  readonly fetch?: 'wget' | 'curl' | undefined;
}

/** Ports that a device has without being told, as the script has them. */
export const INSTALL_PORTS: readonly number[] = [22, 80];

/**
 * The line, for any POSIX shell. It fetches the script, runs it only if its hash is right, and removes it; its exit
 * code is the script's. Every word is quoted for the shell, whatever is in it.
 */
export function installLine(installer: Installer, options: InstallOptions = {}): string {
  const { name, token, mode = 'call', ports, start, fetch = 'wget' } = options;
  const list = ports?.join(',') ?? (mode === 'always' ? INSTALL_PORTS.join(',') : undefined);
  const words = [
    ...[installer.address, installer.hostKey],
    ...(name === undefined ? [] : ['--name', name]),
    ...(token === undefined ? [] : ['--token', token]),
    ...(list === undefined ? [] : [mode === 'always' ? '--always' : '--allow', list]),
    ...(start === undefined ? [] : ['--start', start]),
  ];
  const unchecked = installer.ownAuthority && installer.url.startsWith('https:');
  const get =
    fetch === 'curl'
      ? `curl -fsS${unchecked ? 'k' : ''}o "$f"`
      : `wget ${unchecked ? '--no-check-certificate ' : ''}-qO "$f"`;
  return [
    `(f=$(mktemp) && trap 'rm -f "$f"' EXIT`,
    `${get} ${quoteForShell(installer.url)}`,
    `echo "${installer.sha256.replace(/[^0-9a-f]/g, '')}  $f" | sha256sum -c`,
    `sh "$f" ${words.map(quoteForShell).join(' ')})`,
  ].join(' && ');
}

/** A word as a POSIX shell reads it (XCU 2.2.2). */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_.,:/=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
