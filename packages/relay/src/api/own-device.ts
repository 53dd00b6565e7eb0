import { PorchlightError } from '@porchlight/protocol';
import { type Action, authorise, grantOf, type Person, reaches } from '../access/index.ts';
import type { DeviceRecord, DeviceStore, ServiceRecord } from '../devices/index.ts';

/**
 * The person's device of that id, authorised for the action, with the services that the person's grant reaches.
 * `service`: the one that the action is done to. @throws PorchlightError `not_found`, `scope_missing`
 */
export async function ownDevice(
  devices: Pick<DeviceStore, 'byId'>,
  person: Person,
  action: Action,
  id: string,
  service?: string,
): Promise<DeviceRecord> {
  const device = await devices.byId(person.accountId, id);
  if (device === undefined) throw new PorchlightError('not_found', 'There is no such device');
  authorise(person, action, { accountId: device.accountId, deviceId: device.id, service });
  return withinGrant(person, device);
}

/** The device with those of its services that the person's grant reaches. */
export function withinGrant(person: Person, device: DeviceRecord): DeviceRecord {
  const grant = grantOf(person);
  if (grant === undefined || reaches(grant, device.id, 'whole')) return device;
  const services = device.services.filter(({ name }) => reaches(grant, device.id, { service: name }));
  return { ...device, services };
}

/** A service of a device. @throws PorchlightError `not_found` */
export function serviceOf(device: DeviceRecord, name: string): ServiceRecord {
  const service = device.services.find((one) => one.name === name);
  if (service === undefined) throw new PorchlightError('not_found', 'The device has no such service');
  return service;
}
