import { toDeviceName } from '@porchlight/protocol';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
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
      const request = await findRequest(session, code);
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

function collect(one: string, before: string[] | undefined): string[] {
  return [...(before ?? []), one];
}
