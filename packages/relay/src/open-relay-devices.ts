import { PorchlightError } from '@porchlight/protocol';
import type { AccountRecord, AccountStore, SshKeyStore } from './accounts/index.ts';
import type { Audit } from './audit/index.ts';
import type { Clock } from './clock.ts';
import { type DeviceRecord, type DeviceStore, keyFingerprintOf } from './devices/index.ts';
import { KeyEnrolment } from './enrolment/index.ts';
import type { EventBus } from './events.ts';
import { parsePublicKeyLine } from './ssh/index.ts';

const LIST_MAX = 100_000;

/** A device as the command line shows it. */
export interface ListedDevice {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly tags: readonly string[];
  /** Of its SSH key; undefined: it has none, and speaks only MQTT. */
  readonly fingerprint: string | undefined;
  readonly createdAt: number;
  /** When its link last came up or went, or when it last called home; undefined: never seen. */
  readonly lastSeenAt: number | undefined;
  readonly blocked: boolean;
}

/** The part of {@link openRelayData} that is about devices. Devices are named by their present name. */
export function deviceData(parts: {
  readonly stores: {
    readonly devices: DeviceStore;
    readonly accounts: AccountStore;
    readonly sshKeys: SshKeyStore;
  };
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly devicesPerAccount: number;
  readonly actor: string;
  readonly address: string;
  /** @throws PorchlightError `not_found` */
  accountNamed(name: string): Promise<AccountRecord>;
  accounts(): Promise<AccountRecord[]>;
}) {
  const { audit, clock, actor, address, accountNamed } = parts;
  const { devices, sshKeys } = parts.stores;
  const keyEnrolment = new KeyEnrolment({
    ...parts,
    devices,
    personWithKey: async (fingerprint) => (await sshKeys.byFingerprint(fingerprint))?.accountId,
  });

  const named = async (name: string): Promise<DeviceRecord> => {
    const device = await devices.byName(name);
    if (device?.name === name) return device;
    throw new PorchlightError(
      'not_found',
      device === undefined
        ? `there is no device "${name}": porchlight relay device list shows them`
        : `the device "${name}" is called "${device.name}" now: use that name`,
    );
  };
  const note = (device: DeviceRecord, action: 'device.removed' | 'device.blocked' | 'device.unblocked') =>
    audit.append({
      accountId: device.accountId,
      at: clock.now(),
      actor,
      action,
      deviceId: device.id,
      target: device.name,
      address,
    });

  return {
    /** @throws PorchlightError `bad_request` (the key), `key_in_use`, `name_taken`, `forbidden` (too many) */
    async enrol(
      account: string,
      wish: { readonly name: string; readonly publicKey: string; readonly tags: readonly string[] },
    ): Promise<ListedDevice> {
      const owner = await accountNamed(account);
      const { comment: _, ...key } = parsePublicKeyLine(wish.publicKey);
      const by = { accountId: owner.id, actor, address };
      const device = await keyEnrolment.enrol(by, { name: wish.name, tags: wish.tags, ...key });
      return listed(device, owner.name);
    },
    /** A device that speaks only MQTT; it needs a credential. @throws PorchlightError as `enrol` */
    async enrolWithoutKey(
      account: string,
      wish: { readonly name: string; readonly tags: readonly string[] },
    ): Promise<ListedDevice> {
      const owner = await accountNamed(account);
      const by = { accountId: owner.id, actor, address };
      return listed(await keyEnrolment.enrolWithoutKey(by, wish), owner.name);
    },
    /** Of one account or of all, in order of name. */
    async list(account?: string): Promise<ListedDevice[]> {
      const owners = account === undefined ? await parts.accounts() : [await accountNamed(account)];
      const all = await Promise.all(
        owners.map(async ({ id, name }) =>
          (await devices.list(id, { limit: LIST_MAX })).map((device) => listed(device, name)),
        ),
      );
      return all.flat().sort((one, other) => (one.name < other.name ? -1 : 1));
    },
    async remove(name: string): Promise<void> {
      const device = await named(name);
      await devices.remove(device.accountId, device.id);
      note(device, 'device.removed');
    },
    /** Keeps the key of a device out, or lets it in again. False: it was so already. */
    async setBlocked(name: string, blocked: boolean): Promise<boolean> {
      const device = await named(name);
      if ((device.blockedAt !== undefined) === blocked) return false;
      await devices.change(device.accountId, device.id, { blockedAt: blocked ? clock.now() : null });
      note(device, blocked ? 'device.blocked' : 'device.unblocked');
      return true;
    },
  };
}

function listed(device: DeviceRecord, account: string): ListedDevice {
  const { id, name, tags, createdAt, lastUpAt, lastDownAt, calledAt, blockedAt } = device;
  const seen = [lastUpAt, lastDownAt, calledAt].filter((at) => at !== undefined);
  const fingerprint = keyFingerprintOf(device);
  const lastSeenAt = seen.length === 0 ? undefined : Math.max(...seen);
  return { id, name, account, tags, fingerprint, createdAt, lastSeenAt, blocked: blockedAt !== undefined };
}
