import type { Device, Share } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { harmless } from '../../terminal/index.ts';
import { named } from '../completion/index.ts';
import { findDevice } from '../devices/index.ts';
import { listing, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { allOf, openSession, type PersonFlags } from '../session/index.ts';
import { orMissing } from './or-missing.ts';

/** `porchlight shares [NAME]` */
export function sharesCommand(): Command {
  return personCommand('shares', 'List the links by which others open your services.')
    .addArgument(named('[name]', 'of this device only', 'device'))
    .action(async (name: string | undefined, flags: PersonFlags) => {
      const session = await openSession(flags);
      const devices =
        name === undefined ? await allOf(session.api.devices.all()) : [await findDevice(session, name)];
      const { items } = await session.api.caller.call<{ items: Share[] }>('GET', '/api/shares');
      const names = new Map(devices.map((device) => [device.id, device]));
      const found = items.filter(({ deviceId }) => name === undefined || names.has(deviceId));
      show(flags, {
        json: found,
        quiet: found.map(({ id }) => id),
        text: () => (found.length === 0 ? 'no shares' : describe(found, names, Date.now())),
      });
    });
}

function describe(shares: readonly Share[], devices: ReadonlyMap<string, Device>, now: number): string {
  const rows = shares.map((one) => [
    one.id,
    `${devices.get(one.deviceId)?.name ?? '?'}/${one.service}`,
    one.scope === 'read' ? 'look' : 'use',
    stateOf(one, now),
    one.usesLeft === undefined ? `${one.used}` : `${one.used} of ${one.used + one.usesLeft}`,
    one.password ? 'yes' : '',
    one.name,
  ]);
  return listing(['ID', 'SERVICE', 'FOR', 'LEFT', 'OPENED', 'PASSWORD', 'NAME'], rows);
}

function stateOf({ expiresAt, usesLeft }: Share, now: number): string {
  if (usesLeft === 0) return 'used up';
  if (expiresAt === undefined) return 'no end';
  return expiresAt <= now ? 'ended' : span(expiresAt - now);
}

/** `porchlight unshare ID` */
export function unshareCommand(): Command {
  return personCommand('unshare', 'End a share; whoever came in by it is out at once.')
    .argument('<id>', 'as "shares" lists it')
    .action(async (id: string, flags: PersonFlags) => {
      const { api } = await openSession(flags);
      const ended = api.caller.call<undefined>('DELETE', `/api/shares/${encodeURIComponent(id)}`);
      await orMissing(ended, `there is no share "${id}"`, 'porchlight shares lists them');
      show(flags, { json: { id }, text: () => `ended ${harmless(id)}` });
    });
}
