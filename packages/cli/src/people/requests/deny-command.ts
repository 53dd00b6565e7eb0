import type { Command } from 'commander';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { findRequest } from './find-request.ts';

/** `porchlight deny CODE` */
export function denyCommand(): Command {
  return personCommand('deny', 'Turn a device away.')
    .addArgument(named('<code>', 'that the device shows, or the id of the request', 'request'))
    .action(async (code: string, flags: PersonFlags) => {
      const session = await openSession(flags);
      const found = await findRequest(session, code);
      const { id, name } = found.request;
      if (found.at === 'base station') {
        const { deviceName, code: shown } = found.request;
        await session.api.lanRequests.deny(found.request, shown === undefined ? {} : { code: shown });
        show(flags, {
          json: { id, name, deviceName },
          text: () => harmless(`turned away: ${name} at ${deviceName}`),
        });
        return;
      }
      const { fingerprint, code: full } = found.request;
      await session.api.joinRequests.deny(id, full);
      show(flags, {
        json: { id, name, fingerprint },
        text: () => harmless(`turned away: ${name}, with the key ${fingerprint}`),
      });
    });
}
