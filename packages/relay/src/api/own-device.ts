import { PorchlightError } from '@porchlight/protocol';
import { type Action, authorise, type Person } from '../access/index.ts';
import type { DeviceRecord, DeviceStore, ServiceRecord } from '../devices/index.ts';

/** The person's device of that id, authorised for the action. @throws PorchlightError `not_found` */
export async function ownDevice(
  devices: Pick<DeviceStore, 'byId'>,
  person: Person,
  action: Action,
  id: string,
): Promise<DeviceRecord> {
  const device = await devices.byId(person.accountId, id);
  if (device === undefined) throw new PorchlightError('not_found', 'There is no such device');
  authorise(person, action, device);
  return device;
}

/** A service of a device. @throws PorchlightError `not_found` */
export function serviceOf(device: DeviceRecord, name: string): ServiceRecord {
  const service = device.services.find((one) => one.name === name);
  if (service === undefined) throw new PorchlightError('not_found', 'The device has no such service');
  return service;
}
