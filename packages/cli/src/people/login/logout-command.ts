import { findOAuthServer, PorchlightError, revokeTokens } from '@porchlight/client';
import type { Command } from 'commander';
import { CommandError } from '../../command-error.ts';
import { twinned } from '../../environment-twins.ts';
import { EXIT } from '../../exit-code.ts';
import { note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { configFolder, type RelayLogin, RelayLogins } from '../relays/index.ts';
import { notLoggedIn, type PersonFlags, relayNamed, trust } from '../session/index.ts';

interface Flags extends PersonFlags {
  readonly all?: boolean;
}

/** `porchlight logout`: what the login gave is revoked at the relay, and forgotten here in any case. */
export function logoutCommand(): Command {
  return personCommand('logout', 'End the login at the relay in use, or everywhere.')
    .addOption(twinned('--all', 'at every relay', 'PORCHLIGHT_ALL'))
    .action(async (flags: Flags) => {
      const logins = new RelayLogins(configFolder(process.env));
      const origins = await chosen(flags, logins);
      for (const origin of origins) {
        const login = await logins.get(origin);
        if (login === undefined) throw notLoggedIn(origin);
        const left = await revoke(login, logins);
        await logins.remove(origin);
        if (left !== undefined) note(flags, left);
      }
      show(flags, { json: { relays: origins }, text: () => `logged out of ${origins.join(', ')}` });
    });
}

/** Undefined when the relay knows it; else what is left to do. */
async function revoke(
  { origin, credential, ca }: RelayLogin,
  logins: RelayLogins,
): Promise<string | undefined> {
  if (credential.kind === 'token') {
    return `the access token is forgotten here and still good: revoke it at ${origin}/tokens`;
  }
  const tokens = await logins.tokensOf(origin).load();
  if (tokens === undefined) return undefined;
  trust(ca);
  try {
    await revokeTokens(await findOAuthServer({ relay: origin }), tokens);
    return undefined;
  } catch (error) {
    if (!(error instanceof PorchlightError)) throw error;
    return `${error.message}: what the login gave is forgotten here and still good; revoke it at ${origin}`;
  }
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
