import type { Device, Service } from '@porchlight/protocol/api';
import { bytes, sinceOf, span, statusOf } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { EXIT } from '../../exit-code.ts';
import { named } from '../completion/index.ts';
import { type Cell, facts, listing, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { statusCell } from './devices-command.ts';
import { findDevice } from './find-device.ts';

/** `porchlight device NAME`: exit code 3 when it is offline, so that scripts can ask. */
export function deviceCommand(): Command {
  return personCommand('device', 'Tell all that is known of one device.')
    .addArgument(named('<name>', 'as "devices" lists it', 'device'))
    .action(async (name: string, flags: PersonFlags) => {
      const device = await findDevice(await openSession(flags), name);
      show(flags, {
        json: device,
        quiet: [statusOf(device)],
        text: () => describe(device, Date.now()),
      });
      process.exitCode = device.link.up && !device.blocked ? EXIT.done : EXIT.linkDown;
    });
}

function describe(device: Device, now: number): string {
  const { link } = device;
  const [status, style] = statusCell(device) as readonly [string, (text: string) => string];
  const since = sinceOf(device, now);
  const head = facts([
    ['Name', device.name],
    ['Formerly', device.formerNames.join(', ')],
    ['Status', [statusWords(device, status, since), style]],
    ['Calls home', callsHome(device, now)],
    ['Link', linkWords(device, now)],
    ['Address', link.address],
    ['Software', link.agent],
    ['Key', device.fingerprint],
    ['Tags', device.tags.join(' ')],
    ['Joined', `${span(now - device.createdAt)} ago`],
    ['Traffic', `${bytes(device.bytesIn)} from it, ${bytes(device.bytesOut)} to it`],
  ]);
  if (device.services.length === 0) return head;
  return `${head}\n\n${serviceTable([device], now, false)}`;
}

function statusWords({ link }: Device, status: string, since: string): string {
  if (since === '') return status;
  if (link.up && link.callHome !== undefined) return `${status}, ${since}`;
  return `${status} for ${since}${link.up || link.reason === undefined ? '' : ` (${link.reason})`}`;
}

function callsHome({ link: { callHome } }: Device, now: number): string | undefined {
  if (callHome === undefined) return undefined;
  const due =
    callHome.dueAt > now ? `next in ${span(callHome.dueAt - now)}` : `${span(now - callHome.dueAt)} late`;
  return `every ${span(callHome.intervalSeconds * 1000)}, ${due}`;
}

function linkWords({ link }: Device, now: number): string | undefined {
  if (!link.up) return undefined;
  const by = link.transport === undefined ? [] : [`by ${link.transport}`];
  const trip =
    link.rtt === undefined
      ? []
      : [
          `round trip ${Math.round(link.rtt)} ms${link.rttAt === undefined ? '' : `, ${span(now - link.rttAt)} ago`}`,
        ];
  return [...by, ...trip].join(', ');
}

/** Services with who may open them and when they last answered; `named`: as NAME/SERVICE. */
export function serviceTable(devices: readonly Device[], now: number, named: boolean): string {
  const rows = devices.flatMap((device) =>
    device.services.map((service): readonly Cell[] => [
      named ? `${device.name}/${service.name}` : service.name,
      service.kind,
      service.access,
      stateOf(device, service),
      service.lastSuccessAt === undefined ? '' : `${span(now - service.lastSuccessAt)} ago`,
      service.url ?? '',
    ]),
  );
  return listing(['SERVICE', 'KIND', 'ACCESS', 'STATE', 'LAST ANSWER', 'URL'], rows);
}

function stateOf(device: Device, { offered, lastFailureAt, lastSuccessAt }: Service): string {
  if (!device.link.up) return statusOf(device);
  if (!offered) return 'not offered';
  return lastFailureAt !== undefined && lastFailureAt > (lastSuccessAt ?? 0) ? 'failing' : 'offered';
}
