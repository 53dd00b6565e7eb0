import type { AppGrant } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { harmless } from '../../terminal/index.ts';
import { listing, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { grantWords, usedWords } from './grant-words.ts';
import { orMissing } from './or-missing.ts';

/** `porchlight apps`, `apps revoke ID` */
export function appsCommand(): Command {
  return personCommand('apps', 'List the apps that you let in, and what they may.')
    .enablePositionalOptions()
    .action(list)
    .addCommand(revokeCommand());
}

async function list(flags: PersonFlags): Promise<void> {
  const { api } = await openSession(flags);
  const { items } = await api.caller.call<{ items: AppGrant[] }>('GET', '/api/me/app-grants');
  show(flags, {
    json: items,
    quiet: items.map(({ id }) => id),
    text: () => (items.length === 0 ? 'no apps' : describe(items, Date.now())),
  });
}

function describe(grants: readonly AppGrant[], now: number): string {
  const rows = grants.map(({ id, app, scopes, devices, createdAt, lastUsedAt }) => {
    const names = new Map(devices?.map((device) => [device.id, device.name]));
    const grant = { scopes, ...(devices === undefined ? {} : { devices }) };
    return [
      id,
      app.name,
      app.owner ?? 'Porchlight',
      grantWords(grant, (device) => names.get(device) ?? ''),
      `${span(now - createdAt)} ago`,
      usedWords(lastUsedAt, span, now),
    ];
  });
  return listing(['ID', 'APP', 'BY', 'MAY', 'ALLOWED', 'USED'], rows);
}

function revokeCommand(): Command {
  return personCommand('revoke', 'Shut an app out, and end at once all that stands on it.')
    .argument('<id>', 'as "apps" lists it')
    .action(async (id: string, flags: PersonFlags) => {
      const { api } = await openSession(flags);
      const revoked = api.caller.call<undefined>('DELETE', `/api/me/app-grants/${encodeURIComponent(id)}`);
      await orMissing(revoked, `you let no app in with the id "${id}"`, 'porchlight apps lists them');
      show(flags, { json: { id }, text: () => `shut out ${harmless(id)}` });
    });
}
