import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { configFolder, RelayLogins } from '../relays/index.ts';
import { notLoggedIn, type PersonFlags, relayNamed } from '../session/index.ts';

interface Flags extends PersonFlags {
  readonly all?: boolean;
}

/** `porchlight logout` */
export function logoutCommand(): Command {
  return personCommand('logout', 'End the login at the relay in use, or at all.')
    .addOption(twinned('--all', 'at every relay', 'PORCHLIGHT_ALL'))
    .action(async (flags: Flags) => {
      const logins = new RelayLogins(configFolder(process.env));
      const origins = await chosen(flags, logins);
      for (const origin of origins) {
        const login = await logins.get(origin);
        if (login === undefined) throw notLoggedIn(origin);
        await logins.remove(origin);
        if (login.credential.kind === 'token')
          note(flags, `the access token is forgotten here and still good: revoke it at ${origin}/settings`);
      }
      show(flags, {
        json: { relays: origins },
        text: () => `logged out of ${origins.join(', ')}`,
      });
    });
}

async function chosen(flags: Flags, logins: RelayLogins): Promise<string[]> {
  if (flags.all !== true) {
    const origin = flags.relay === undefined ? await logins.current() : await relayNamed(flags.relay, logins);
    if (origin === undefined) throw notLoggedIn();
    return [origin];
  }
  if (flags.relay !== undefined) {
    throw new CommandError('--all and --relay exclude each other', {
      hint: 'give one of them',
      exitCode: EXIT.usage,
    });
  }
  const all = await logins.origins();
  if (all.length === 0) throw notLoggedIn();
  return all;
}
