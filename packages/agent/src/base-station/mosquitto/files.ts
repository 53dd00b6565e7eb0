import type { LanDevice } from '../devices/index.ts';
import type { BaseStationUser } from '../users/index.ts';

/** The base station's own user at mosquitto, which reads what devices publish. No device or program has this name. */
export const OWN_USER = 'porchlight_base_station';
const HEADER = '# Written by the Porchlight agent at each change. What you change here is lost.';

export interface MosquittoAccounts {
  readonly devices: readonly LanDevice[];
  readonly users: readonly BaseStationUser[];
  readonly baseTopic: string;
  /** What stands behind {@link OWN_USER} in the password file. */
  readonly ownHash: string;
}

/** For mosquitto's `password_file`. Names are of the letters that devices and users are checked for. */
export function passwordFile({ devices, users, ownHash }: MosquittoAccounts): string {
  const lines = [`${OWN_USER}:${ownHash}`];
  for (const { username, mosquittoHash, revokedAt } of devices) {
    if (revokedAt === undefined && mosquittoHash !== undefined) lines.push(`${username}:${mosquittoHash}`);
  }
  for (const { name, mosquittoHash } of users) {
    if (mosquittoHash !== undefined) lines.push(`${name}:${mosquittoHash}`);
  }
  return `${lines.join('\n')}\n`;
}

/** For mosquitto's `acl_file`: who is not named may nothing. */
export function aclFile({ devices, users, baseTopic }: MosquittoAccounts): string {
  const parts = [HEADER, `user ${OWN_USER}\ntopic read ${baseTopic}/#`];
  for (const { username, node, revokedAt } of devices) {
    if (revokedAt !== undefined || node === undefined) continue;
    parts.push(`user ${username}\ntopic readwrite ${baseTopic}/${node}/#`);
  }
  for (const { name, access } of users) {
    parts.push(`user ${name}\ntopic ${access === 'write' ? 'readwrite' : 'read'} ${baseTopic}/#`);
  }
  return `${parts.join('\n\n')}\n`;
}
