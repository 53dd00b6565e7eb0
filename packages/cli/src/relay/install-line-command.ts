import { type InstallOptions, installLine, isDeviceName } from '@porchlight/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { print } from '../terminal/index.ts';
import { recordsSubcommand } from './relay-options.ts';
import { withRecords } from './relay-records.ts';

interface Flags {
  readonly name?: string;
  readonly token?: string;
  readonly allow?: number[];
  readonly always?: number[];
  readonly start?: NonNullable<InstallOptions['start']>;
  readonly curl?: true;
}

/** `porchlight relay install-line`: what to paste on a device that has nothing but ssh; as the dashboard shows it. */
export function installLineCommand(): Command {
  return recordsSubcommand('install-line', 'Print the line that makes a device of a machine with only ssh.')
    .option('--name <name>', 'what the device is called; its own host name without', deviceName)
    .option('--token <token>', 'an enrolment token, so that nobody has to press Allow', token)
    .addOption(
      new Option('--allow <ports>', 'ports of the device that people may ask for, e.g. 22,80')
        .argParser(portList)
        .conflicts('always'),
    )
    .option(
      '--always <ports>',
      'stay linked and offer these ports, instead of calling every minute',
      portList,
    )
    .addOption(
      new Option('--start <how>', 'what starts it on the device; found out there without').choices([
        ...['procd', 'systemd', 'cron', 'rc.local'],
      ]),
    )
    .option('--curl', 'fetch with curl instead of wget')
    .action(async ({ name, token, allow, always, start, curl }: Flags, command: Command) => {
      const installer = await withRecords(command, (records) => records.installer());
      const mode = always === undefined ? 'call' : 'always';
      const fetch = curl === true ? 'curl' : 'wget';
      print(installLine(installer, { name, token, mode, ports: always ?? allow, start, fetch }));
    });
}

function deviceName(text: string): string {
  if (isDeviceName(text)) return text;
  throw new InvalidArgumentError('A device name has 1 to 32 lower-case letters, digits and inner hyphens.');
}

function token(text: string): string {
  if (/^ple_[A-Za-z0-9_-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'An enrolment token begins with ple_; porchlight relay token add makes one.',
  );
}

function portList(text: string): number[] {
  const ports = text.split(',').map((port) => (/^[0-9]{1,5}$/.test(port) ? Number(port) : 0));
  if (ports.every((port) => port >= 1 && port <= 65_535)) return ports;
  throw new InvalidArgumentError('Give ports with commas between, e.g. 22,80.');
}
