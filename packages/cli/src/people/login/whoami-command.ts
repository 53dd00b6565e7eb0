import type { Command } from 'commander';
import { facts, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';

/** `porchlight whoami` */
export function whoamiCommand(): Command {
  return personCommand('whoami', 'Tell who you are, and at which relays you are logged in.').action(
    async (flags: PersonFlags) => {
      const { api, origin, logins } = await openSession(flags);
      const { account, relay } = await api.me();
      const others = (await logins.origins()).filter((each) => each !== origin);
      show(flags, {
        json: { relay: origin, account, version: relay.version, others },
        quiet: [account.name],
        text: () =>
          facts([
            ['Account', account.role === 'admin' ? `${account.name} (admin)` : account.name],
            ['Relay', `${origin}, version ${relay.version}`],
            ['Also at', others.join(', ')],
          ]),
      });
    },
  );
}
