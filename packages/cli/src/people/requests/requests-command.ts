import { span } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { ownName } from '../../own-name.ts';
import { listing, note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';

/** `porchlight requests` */
export function requestsCommand(): Command {
  return personCommand('requests', 'List the devices that ask to be let in.').action(
    async (flags: PersonFlags) => {
      const { api } = await openSession(flags);
      const found = await api.joinRequests.list();
      const now = Date.now();
      show(flags, {
        json: found,
        quiet: found.map(({ code }) => code),
        text: () =>
          found.length === 0
            ? 'nobody asks'
            : listing(
                ['CODE', 'NAME', 'ADDRESS', 'SOFTWARE', 'ASKED', 'LEFT', 'KEY'],
                found.map((one) => [
                  ...[one.code, one.name, one.address, one.software],
                  ...[`${span(now - one.askedAt)} ago`, span(one.expiresAt - now), one.fingerprint],
                ]),
              ),
      });
      if (found.length > 0)
        note(flags, `compare the code with what the device shows, then: ${ownName} allow CODE`);
    },
  );
}
