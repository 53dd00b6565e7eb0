import type { JoinRequest, LanRequest } from '@porchlight/protocol/api';
import { span } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { ownName } from '../../own-name.ts';
import { listing, note, show } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { openSession, type PersonFlags } from '../session/index.ts';
import { lanRequests } from './find-request.ts';

/** `porchlight requests` */
export function requestsCommand(): Command {
  return personCommand('requests', 'List the devices that ask to be let in.').action(
    async (flags: PersonFlags) => {
      const session = await openSession(flags);
      const [found, atStations] = await Promise.all([session.api.joinRequests.list(), lanRequests(session)]);
      const isNobody = found.length + atStations.length === 0;
      show(flags, {
        json: [...found, ...atStations],
        quiet: [...found.map(({ code }) => code), ...atStations.map(({ code, id }) => code ?? id)],
        text: () =>
          isNobody
            ? 'nobody asks'
            : [atRelay(found), atBaseStations(atStations)].filter((part) => part !== '').join('\n\n'),
      });
      if (!isNobody) note(flags, `compare the code with what the device shows, then: ${ownName} allow CODE`);
    },
  );
}

function atRelay(found: readonly JoinRequest[]): string {
  if (found.length === 0) return '';
  const now = Date.now();
  return listing(
    ['CODE', 'NAME', 'ADDRESS', 'SOFTWARE', 'ASKED', 'LEFT', 'KEY'],
    found.map((one) => [
      ...[one.code, one.name, one.address, one.software],
      ...[`${span(now - one.askedAt)} ago`, span(one.expiresAt - now), one.fingerprint],
    ]),
  );
}

/** Without a code the id stands in its place: it shows none. */
function atBaseStations(found: readonly LanRequest[]): string {
  if (found.length === 0) return '';
  const now = Date.now();
  return listing(
    ['CODE', 'WIFI DEVICE', 'ADDRESS', 'BASE STATION', 'ASKED'],
    found.map((one) => [
      ...[one.code ?? one.id, one.name, one.address, one.deviceName],
      `${span(now - one.firstAskedAt)} ago`,
    ]),
  );
}
