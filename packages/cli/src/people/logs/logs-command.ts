import type { AuditEntry } from '@porchlight/protocol/api';
import { type Command, InvalidArgumentError } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { stopSignal } from '../../stop-signal.ts';
import { harmless, print, printableJson, styled } from '../../terminal/index.ts';
import { valued } from '../completion/index.ts';
import { findDevice } from '../devices/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { followAudit } from './follow-audit.ts';

interface Flags extends PersonFlags {
  readonly follow?: boolean;
  readonly device?: string;
  readonly actor?: string;
  readonly last: number;
}

/** `porchlight logs`: oldest first; with `--json` one object a line. */
export function logsCommand(): Command {
  return personCommand('logs', 'Show who did what: the audit log of your account.')
    .addOption(twinned('-f, --follow', 'go on with what comes, until Ctrl-C', 'PORCHLIGHT_FOLLOW'))
    .addOption(valued(twinned('--device <name>', 'of this device only', 'PORCHLIGHT_DEVICE'), 'device'))
    .addOption(twinned('--actor <name>', 'by this account, or device:NAME', 'PORCHLIGHT_ACTOR'))
    .addOption(
      twinned('--last <number>', 'so many of the newest', 'PORCHLIGHT_LAST').argParser(count).default(50),
    )
    .action(async (flags: Flags) => {
      const session = await openSession(flags);
      const device = flags.device === undefined ? undefined : await findDevice(session, flags.device);
      const filter = { deviceId: device?.id, actor: flags.actor };
      const entries = followAudit(session.api, filter, {
        last: flags.last,
        follow: flags.follow === true,
        signal: stopSignal(),
      });
      for await (const entry of entries) print(flags.json === true ? printableJson(entry) : inWords(entry));
    });
}

function count(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number, e.g. 100.');
}

function inWords({ at, actor, action, target, address, detail }: AuditEntry): string {
  const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const more = Object.entries(detail).map(([name, value]) => `${name}=${value}`);
  const words = [actor, action, target, address === undefined ? undefined : `from ${address}`, ...more];
  const [who, what, ...rest] = words
    .filter((word) => word !== undefined && word !== '')
    .map((word) => harmless(word ?? ''));
  return [styled.quiet(time), who, styled.strong(what ?? ''), ...rest].join('  ');
}
