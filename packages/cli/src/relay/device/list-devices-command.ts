import type { Command } from 'commander';
import { print, printJson, span, table } from '../../terminal/index.ts';
import { recordsSubcommand } from '../relay-options.ts';
import { withRecords } from '../relay-records.ts';

/** `porchlight relay device list` */
export function listDevicesCommand(): Command {
  return recordsSubcommand('list', 'List the devices of all accounts, or of one.')
    .option('--account <name>', 'of this account only')
    .option('--json', 'answer in JSON, for machines')
    .action(async ({ account, json }: { account?: string; json?: true }, command: Command) => {
      const all = await withRecords(command, ({ devices }) => devices.list(account));
      if (json === true) return printJson(all);
      const rows = all.map((device) => [
        device.name,
        device.account,
        device.blocked ? 'blocked' : seen(device.lastSeenAt),
        device.tags.join(' '),
        device.fingerprint ?? 'none, MQTT only',
      ]);
      print(table([['NAME', 'ACCOUNT', 'LAST CHANGE', 'TAGS', 'KEY'], ...rows]));
    });
}

function seen(at: number | undefined): string {
  return at === undefined ? 'never seen' : `${span(Math.max(0, Date.now() - at))} ago`;
}
