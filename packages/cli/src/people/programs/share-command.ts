import { parseMinutes } from '@porchlight/protocol';
import type { MadeShare } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { askPassword, readStandardInput } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice, parseTarget, serviceOf } from '../devices/index.ts';
import { note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';

/** A link that nobody thinks of again should not be good for ever. */
const DEFAULT_MINUTES = 24 * 60;

interface Flags extends PersonFlags {
  readonly write?: boolean;
  readonly for: number | 'ever';
  readonly uses?: number;
  readonly password?: boolean;
  readonly name?: string;
}

/** `porchlight share NAME/SERVICE`: the link alone goes to standard output. */
export function shareCommand(): Command {
  const time = 'how long it is good, such as 30m, 8h or 2d; or ever';
  const password = 'it asks for a password too, which is read from standard input or asked for';
  return personCommand('share', 'Make a link by which anybody who has it opens one service.')
    .addArgument(named('<target>', 'NAME/SERVICE, or NAME when it has one web service', 'service'))
    .addOption(twinned('--write', 'for using the service fully, not only for looking', 'PORCHLIGHT_WRITE'))
    .addOption(
      twinned('--for <time>', time, 'PORCHLIGHT_FOR').argParser(parseTime).default(DEFAULT_MINUTES, '1d'),
    )
    .addOption(
      twinned('--uses <number>', 'how often it can be opened', 'PORCHLIGHT_USES').argParser(parseUses),
    )
    .addOption(twinned('--password', password, 'PORCHLIGHT_SHARE_PASSWORD'))
    .addOption(twinned('--name <text>', 'what it is for; by default the service', 'PORCHLIGHT_NAME'))
    .action(share);
}

async function share(text: string, flags: Flags): Promise<void> {
  const target = parseTarget(text);
  const session = await openSession(flags);
  const device = await findDevice(session, target.device);
  const service = serviceOf(device, target.service, ({ kind }) => kind !== 'tcp');
  const password = flags.password === true ? await passwordFor(service.name) : undefined;
  const made = await session.api.caller.call<MadeShare>(
    'POST',
    `/api/devices/${device.id}/services/${service.name}/shares`,
    {
      body: {
        name: flags.name ?? `${service.name} of ${device.name}`,
        scope: flags.write === true ? 'write' : 'read',
        ...(flags.for === 'ever' ? {} : { hours: flags.for / 60 }),
        ...(flags.uses === undefined ? {} : { uses: flags.uses }),
        ...(password === undefined ? {} : { password }),
      },
    },
  );
  show(flags, { json: made, quiet: [made.url], text: () => made.url });
  const until =
    made.expiresAt === undefined ? 'until it is revoked' : `for ${span(made.expiresAt - Date.now() + 1000)}`;
  const uses = made.usesLeft === undefined ? '' : `, ${made.usesLeft} time${made.usesLeft === 1 ? '' : 's'}`;
  note(
    flags,
    `for ${made.scope === 'read' ? 'looking' : 'using'}, ${until}${uses}; porchlight unshare ${made.id} ends it`,
  );
}

async function passwordFor(service: string): Promise<string> {
  const given = process.stdin.isTTY
    ? await askPassword(`Password for ${service}: `)
    : await readStandardInput();
  if (given !== undefined && given !== '') return given;
  throw new CommandError('no password was given', {
    hint: 'give it on standard input, or leave --password out',
    exitCode: EXIT.usage,
  });
}

function parseTime(text: string): number | 'ever' {
  if (text === 'ever') return text;
  const minutes = parseMinutes(text);
  if (minutes === undefined || minutes < 6)
    throw new InvalidArgumentError('Give a time such as 30m, 8h or 2d.');
  return minutes;
}

function parseUses(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}
