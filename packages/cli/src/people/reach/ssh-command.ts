import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Device } from '@porchlight/protocol/api';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { EXIT } from '../../exit-code.ts';
import { named } from '../completion/index.ts';
import { findDevice, requireOnline } from '../devices/index.ts';
import { relayCommandOf } from '../person-command.ts';
import { openSession, type PersonFlags, type Session } from '../session/index.ts';
import { runSystem } from './run-system.ts';
import { parseSshArguments } from './ssh-arguments.ts';

/** `porchlight ssh [USER@]NAME …`: the exit code is ssh's. */
export function sshCommand(): Command {
  return relayCommandOf('ssh', "Go to a device's own SSH server with the system's ssh, and no configuration.")
    .usage('[options] [ssh options] [user@]<NAME> [--] [ssh options] [command]')
    .addArgument(named('[target...]', "NAME or USER@NAME, with ssh's own options before or behind", 'device'))
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
Examples:
  porchlight ssh pi@robot
  porchlight ssh pi@robot -- -L 8888:localhost:8888
  rsync -e 'porchlight ssh' notes.txt pi@robot:

It reaches the service ssh of the device, else port 22, or the port of -p; its owner must have exposed it. Keys and passwords are between
you and the device; its host key is kept beside your login, under the device's name.`,
    )
    .action(async (words: string[], flags: PersonFlags) => {
      const parsed = parseSshArguments(words);
      if (parsed === undefined || parsed.device === '') {
        throw new CommandError('no device was named', {
          hint: 'write porchlight ssh USER@NAME',
          exitCode: EXIT.usage,
        });
      }
      const session = await openSession(flags);
      const device = await findDevice(session, parsed.device);
      requireOnline(device);
      const port = hasPort([...parsed.options, ...parsed.rest]) ? '%p' : sshServerOf(device);
      await mkdir(session.logins.folder, { recursive: true, mode: 0o700 });
      const user = parsed.user === undefined ? '' : `${parsed.user}@`;
      process.exitCode = await runSystem('ssh', [
        ...optionsFor(session, `${device.name} ${port}`, device.name, flags),
        ...parsed.options,
        `${user}${device.name}`,
        ...parsed.rest,
      ]);
    });
}

/** Whether ssh is told a port, which it then puts in the place of `%p`. */
function hasPort(words: readonly string[]): boolean {
  return words.some((word) => /^-[46AaCfGgKkMNnqsTtVvXxYy]*p/.test(word) || /^-?o?port[= ]/i.test(word));
}

/**
 * Where a device's SSH server is: its service `ssh`, whatever its port; else port 22.
 * @throws CommandError when the device stays connected, and offers neither
 */
function sshServerOf({ name, services, link }: Device): string {
  const offered = services.filter((service) => service.offered && service.kind !== 'http');
  if (offered.some((service) => service.name === 'ssh')) return 'ssh';
  const known = offered.some((service) => service.port === 22 || service.name === '22');
  if (known || link.callHome !== undefined) return '22';
  throw new CommandError(`${name} does not offer its SSH server`, {
    hint: 'on the device: porchlight agent expose ssh tcp://127.0.0.1:22; or give the port of one that it offers with -p',
  });
}

/** What makes the system's ssh go through the relay; ssh takes the first of several values, so these hold. */
function optionsFor({ origin, logins }: Session, to: string, device: string, flags: PersonFlags): string[] {
  const known = join(logins.folder, 'known_hosts');
  const own = [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'tcp', '--relay', origin];
  const ca = flags.ca === undefined ? [] : ['--ca', flags.ca];
  const proxy = [...own, ...ca, '--'].map((word) => forShell(word.replaceAll('%', '%%'))).join(' ');
  return [
    `ProxyCommand=${proxy} ${to}`,
    `HostKeyAlias=${device}.${new URL(origin).hostname}`,
    `UserKnownHostsFile=${inQuotes(known)}`,
    'GlobalKnownHostsFile=none',
    'CheckHostIP=no',
  ].flatMap((option) => ['-o', option]);
}

/** One word of a shell's command line. */
function forShell(word: string): string {
  return /^[\w./:%@=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A file name in ssh's own configuration, where several may stand, `%` begins a token and `$` a variable. */
function inQuotes(path: string): string {
  return `"${path.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')}"`;
}
