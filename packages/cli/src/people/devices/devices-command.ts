import type { Device } from '@porchlight/protocol/api';
import { servicesOf, sinceOf, statusOf } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { twinned } from '../../environment-twins.ts';
import { ownName } from '../../own-name.ts';
import { styled } from '../../terminal/index.ts';
import { type Cell, listing, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { allOf, openSession, type PersonFlags } from '../session/index.ts';

interface Flags extends PersonFlags {
  readonly tag?: string;
}

/** `porchlight devices [SEARCH]` */
export function devicesCommand(): Command {
  return personCommand('devices', 'List your devices, and how they are doing.')
    .argument('[search]', 'part of a name or tag')
    .addOption(twinned('--tag <tag>', 'with this tag only', 'PORCHLIGHT_TAG'))
    .action(async (search: string | undefined, flags: Flags) => {
      const { api } = await openSession(flags);
      const found = await allOf(api.devices.all({ search, tag: flags.tag }));
      show(flags, {
        json: found,
        quiet: found.map(({ name }) => name),
        text: () => (found.length === 0 ? none(search, flags.tag) : describe(found, Date.now())),
      });
    });
}

function none(search: string | undefined, tag: string | undefined): string {
  if (search !== undefined || tag !== undefined) return 'no such device';
  return `no devices yet; on a device: ${ownName} agent join URL`;
}

function describe(devices: readonly Device[], now: number): string {
  const rows = devices.map((one) => [
    one.name,
    statusCell(one),
    sinceOf(one, now),
    one.tags.join(' '),
    servicesOf(one),
  ]);
  return listing(['NAME', 'STATUS', 'SINCE', 'TAGS', 'SERVICES'], rows);
}

/** How a device is doing, in a word and a colour. */
export function statusCell(device: Device): Cell {
  const status = statusOf(device);
  if (status === 'online' || status === 'calls home') return [status, styled.good];
  return [status, status === 'never seen' ? styled.quiet : styled.warning];
}
