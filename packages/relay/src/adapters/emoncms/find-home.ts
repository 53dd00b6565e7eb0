import { isWebService, PorchlightError } from '@porchlight/protocol';
import { type Action, authorise, type Person } from '../../access/index.ts';
import type { DeviceRecord, DeviceStore } from '../../devices/index.ts';
import { EMONCMS_SERVICE } from '../../emoncms/index.ts';
import type { Link, LinkTable } from '../../links/index.ts';

export interface HomesParts {
  readonly links: Pick<LinkTable, 'all' | 'get'>;
  readonly devices: Pick<DeviceStore, 'byId' | 'byName'>;
  /** Whether an original client serves it. */
  readonly serves: (deviceId: string) => boolean;
}

/**
 * The home that a call without a device in its address is for: the named one; else the only one of the person's that is
 * there and that the action may be done to. Homes with an original client come before those with an agent.
 * @throws PorchlightError `device_offline` (none is there), `conflict` (several), `scope_missing`
 */
export async function findHome(
  { links, devices, serves }: HomesParts,
  person: Person,
  action: Action,
  name: string | undefined,
): Promise<DeviceRecord> {
  const { accountId } = person;
  const may = (deviceId: string) => isAllowed(person, action, deviceId);
  if (name !== undefined) {
    const device = await devices.byName(name);
    const own = device?.accountId === accountId && offers(links.get(device.id)) && may(device.id);
    if (device !== undefined && own) return device;
    throw new PorchlightError('device_offline', `${name} has no emoncms that is connected`);
  }
  const there: Link[] = [];
  for (const link of links.all()) {
    if (link.accountId === accountId && offers(link) && may(link.deviceId)) there.push(link);
  }
  const original = there.filter(({ deviceId }) => serves(deviceId));
  const homes = original.length > 0 ? original : there;
  if (homes.length > 1) {
    const names = homes.map(({ deviceName }) => deviceName).join(', ');
    throw new PorchlightError(
      'conflict',
      `Several homes are connected: name one with ?home=, e.g. ${names.slice(0, 200)}`,
    );
  }
  const device = homes[0] && (await devices.byId(accountId, homes[0].deviceId));
  if (device !== undefined) return device;
  throw new PorchlightError('device_offline', 'No emoncms of this account is connected');
}

function offers(link: Link | undefined): boolean {
  return link?.services.some((one) => one.name === EMONCMS_SERVICE && isWebService(one)) === true;
}

/** What is beyond a program's grant is not there for it. @throws PorchlightError `scope_missing` */
function isAllowed(person: Person, action: Action, deviceId: string): boolean {
  try {
    authorise(person, action, { accountId: person.accountId, deviceId, service: EMONCMS_SERVICE });
    return true;
  } catch (error) {
    if (error instanceof PorchlightError && error.code === 'not_found') return false;
    throw error;
  }
}
