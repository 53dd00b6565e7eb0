import type { AccessToken } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { harmless, print } from '../../terminal/index.ts';
import { listing, openInBrowser, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { allOf, openSession, type PersonFlags, type Session } from '../session/index.ts';
import { grantWords, usedWords } from './grant-words.ts';
import { orMissing } from './or-missing.ts';

/** `porchlight tokens`, `tokens new`, `tokens revoke ID` */
export function tokensCommand(): Command {
  return personCommand('tokens', 'List the access tokens of your programs.')
    .enablePositionalOptions()
    .action(list)
    .addCommand(newCommand())
    .addCommand(revokeCommand());
}

async function list(flags: PersonFlags): Promise<void> {
  const { api } = await openSession(flags);
  const found = await allOf(api.accessTokens.all());
  const names = found.some(({ grant }) => grant?.devices !== undefined) ? await deviceNames(api) : new Map();
  show(flags, {
    json: found,
    quiet: found.map(({ id }) => id),
    text: () => (found.length === 0 ? 'no access tokens' : describe(found, names, Date.now())),
  });
}

/** Names of the person's devices by id. */
export async function deviceNames(api: Session['api']): Promise<ReadonlyMap<string, string>> {
  return new Map((await allOf(api.devices.all())).map(({ id, name }) => [id, name]));
}

function describe(tokens: readonly AccessToken[], names: ReadonlyMap<string, string>, now: number): string {
  const rows = tokens.map(({ id, name, grant, createdAt, expiresAt, lastUsedAt }) => [
    id,
    name,
    grantWords(grant, (device) => names.get(device) ?? 'a removed device'),
    `${span(now - createdAt)} ago`,
    usedWords(lastUsedAt, span, now),
    expiresAt === undefined ? 'no end' : expiresAt <= now ? 'ended' : span(expiresAt - now),
  ]);
  return listing(['ID', 'NAME', 'MAY', 'MADE', 'USED', 'LEFT'], rows);
}

/** A program could make itself one that outlives its own, so that is for a person in a browser. */
function newCommand(): Command {
  return personCommand('new', 'Make one, in the browser: it is shown there once.').action(
    async (flags: PersonFlags) => {
      const { origin } = await openSession(flags);
      const url = `${origin}/tokens`;
      if (flags.json === true || !(await openInBrowser(url)))
        show(flags, { json: { url }, quiet: [url], text: () => url });
      else if (flags.quiet !== true) print(`opened ${url}`);
    },
  );
}

function revokeCommand(): Command {
  return personCommand('revoke', 'End a token, and at once all that stands on it.')
    .argument('<id>', 'as "tokens" lists it')
    .action(async (id: string, flags: PersonFlags) => {
      const { api } = await openSession(flags);
      await orMissing(
        api.accessTokens.revoke(id),
        `there is no access token "${id}"`,
        'porchlight tokens lists them',
      );
      show(flags, { json: { id }, text: () => `revoked ${harmless(id)}` });
    });
}
