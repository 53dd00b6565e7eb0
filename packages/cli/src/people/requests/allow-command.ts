import { toDeviceName } from '@porchlight/protocol';
import type { LanRequest } from '@porchlight/protocol/api';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags, type Session } from '../session/index.ts';
import { findRequest } from './find-request.ts';

interface Flags extends PersonFlags {
  readonly name?: string;
  readonly tag?: string[];
}

/** `porchlight allow CODE` */
export function allowCommand(): Command {
  const tag = 'tag for it; may be given several times';
  return personCommand('allow', 'Let a device in; compare the code with what it shows.')
    .addArgument(named('<code>', 'that the device shows, or the id of the request', 'request'))
    .addOption(twinned('--name <name>', 'name for it; by default the one it proposes', 'PORCHLIGHT_NAME'))
    .addOption(twinned('--tag <tag>', tag, 'PORCHLIGHT_TAG').argParser(collect))
    .action(async (code: string, flags: Flags) => {
      const session = await openSession(flags);
      const found = await findRequest(session, code);
      if (found.at === 'base station') return allowLan(session, found.request, flags);
      const { request } = found;
      const name = flags.name ?? toDeviceName(request.name);
      if (name === undefined) {
        throw new CommandError(`it proposes no usable name ("${harmless(request.name)}")`, {
          hint: 'give it one with --name',
          exitCode: EXIT.usage,
        });
      }
      const device = await session.api.joinRequests.allow(request.id, {
        code: request.code,
        name,
        tags: flags.tag ?? [],
      });
      const key = device.fingerprint === undefined ? ', over MQTT' : `, with the key ${device.fingerprint}`;
      show(flags, { json: device, text: () => harmless(`${device.name} is let in${key}`) });
    });
}

/** The base station has the last word, and calls the device as it is told to. */
async function allowLan({ api }: Session, request: LanRequest, flags: Flags): Promise<void> {
  if (flags.tag !== undefined) {
    throw new CommandError('a WiFi device at a base station has no tags', {
      hint: 'leave --tag out',
      exitCode: EXIT.usage,
    });
  }
  const name = flags.name ?? request.name;
  const { id, code, deviceName } = request;
  await api.lanRequests.allow(request, { name, ...(code === undefined ? {} : { code }) });
  show(flags, {
    json: { id, name, deviceName },
    text: () => harmless(`${name} is let in at ${deviceName}`),
  });
}

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
