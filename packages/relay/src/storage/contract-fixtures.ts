import type { AccountRecord } from '../accounts/account-store.ts';
import type { SessionRecord } from '../accounts/session-store.ts';
import type { DeviceRecord, NewDevice } from '../devices/device-store.ts';
import type { EnrolmentTokenRecord } from '../enrolment/enrolment-token-store.ts';
import type { Stores } from './stores.ts';

/** Opens the database of the running test: an empty one at first, the same one again when asked again. */
export type Open = () => Promise<Stores>;

export const NOW = Date.UTC(2026, 10, 22);

export async function makeAccount(stores: Stores, name: string): Promise<AccountRecord> {
  const record: AccountRecord = {
    id: `account${name}`,
    name,
    role: 'member',
    passwordHash: `$argon2id$${name}`,
    createdAt: NOW,
  };
  await stores.accounts.insert(record);
  return record;
}

export function newDevice(accountId: string, name: string, change: Partial<NewDevice> = {}): NewDevice {
  return {
    id: `device${name}`,
    accountId,
    name,
    tags: [],
    fingerprint: `SHA256:${name}`,
    publicKey: `ssh-ed25519 ${name}`,
    createdAt: NOW,
    ...change,
  };
}

/** A device of the account, as the store gives it back. */
export async function makeDevice(
  stores: Stores,
  accountId: string,
  name: string,
  change: Partial<NewDevice> = {},
): Promise<DeviceRecord> {
  const device = newDevice(accountId, name, change);
  await stores.devices.insert(device);
  const made = await stores.devices.byId(accountId, device.id);
  if (made === undefined) throw new Error('a device that was just made is not there');
  return made;
}

export function newSession(
  accountId: string,
  id: string,
  change: Partial<SessionRecord> = {},
): SessionRecord {
  return {
    id,
    accountId,
    tokenHash: `hash${id}`,
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 1000,
    address: '192.0.2.1',
    userAgent: 'curl/8',
    ...change,
  };
}

export function newEnrolmentToken(
  accountId: string,
  id: string,
  change: Partial<EnrolmentTokenRecord> = {},
): EnrolmentTokenRecord {
  return {
    id,
    accountId,
    note: 'for the shed',
    tags: ['shed', 'öl'],
    tokenHash: `hash${id}`,
    createdAt: NOW,
    expiresAt: NOW + 1000,
    usesLeft: 1,
    used: 0,
    ...change,
  };
}
