import { PorchlightError } from '@porchlight/protocol';
import type { AccountRecord } from './accounts/index.ts';
import type { Audit } from './audit/index.ts';
import type { Clock } from './clock.ts';
import type { DeviceRecord, DeviceStore } from './devices/index.ts';
import type { EventBus } from './events.ts';
import { type MqttCredentialRecord, type MqttCredentialStore, MqttCredentials } from './mqtt/index.ts';

/** What an MQTT client signs in with, as the command line shows it. */
export interface ListedMqttCredential {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  /** The device that signs in with it; of an app password the home that it names. */
  readonly device: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** One that was made just now. */
export interface MadeMqtt extends ListedMqttCredential {
  readonly username: string;
  /** Given here and never again. */
  readonly password: string;
}

/** The part of {@link openRelayData} that is about MQTT credentials and app passwords. */
export function mqttData(parts: {
  readonly stores: { readonly devices: DeviceStore; readonly mqttCredentials: MqttCredentialStore };
  readonly audit: Audit;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly actor: string;
  readonly address: string;
  /** @throws PorchlightError `not_found` */
  accountNamed(name: string): Promise<AccountRecord>;
  accounts(): Promise<AccountRecord[]>;
}) {
  const { stores, actor, address, accountNamed } = parts;
  const store = stores.mqttCredentials;
  const credentials = new MqttCredentials({ ...parts, store });
  const by = (accountId: string) => ({ accountId, actor, address });

  const deviceNamed = async (name: string, owner?: AccountRecord): Promise<DeviceRecord> => {
    const device = await stores.devices.byName(name);
    if (device !== undefined && (owner === undefined || device.accountId === owner.id)) return device;
    throw new PorchlightError(
      'not_found',
      `there is no device "${name}": porchlight relay device list shows them`,
    );
  };
  const shown = async (
    { id, name, createdAt, lastUsedAt, deviceId, accountId }: MqttCredentialRecord,
    account: string,
  ): Promise<ListedMqttCredential> => {
    const device = deviceId === undefined ? undefined : await stores.devices.byId(accountId, deviceId);
    return { id, name, account, device: device?.name, createdAt, lastUsedAt };
  };
  const list = async (
    kind: MqttCredentialRecord['kind'],
    owners: readonly AccountRecord[],
  ): Promise<ListedMqttCredential[]> => {
    const found: ListedMqttCredential[] = [];
    for (const owner of owners) {
      for (const record of await store.ofAccount(owner.id)) {
        if (record.kind === kind) found.push(await shown(record, owner.name));
      }
    }
    return found;
  };
  const revoke = async (kind: MqttCredentialRecord['kind'], id: string): Promise<void> => {
    for (const owner of await parts.accounts()) {
      const record = (await store.ofAccount(owner.id)).find((one) => one.id === id && one.kind === kind);
      if (record === undefined) continue;
      const { deviceId } = record;
      const of =
        kind === 'app' || deviceId === undefined
          ? ({ kind: 'app' } as const)
          : ({ kind: 'device', deviceId } as const);
      return credentials.revoke(by(owner.id), id, of);
    }
    const command = kind === 'app' ? 'app-password' : 'mqtt';
    throw new PorchlightError(
      'not_found',
      `there is none with the id "${id}": porchlight relay ${command} list shows them`,
    );
  };

  return {
    /** What devices sign in with. */
    mqttCredentials: {
      /** @throws PorchlightError `not_found`, `conflict` (too many) */
      async make(deviceName: string, name: string): Promise<MadeMqtt> {
        const device = await deviceNamed(deviceName);
        const { record, secret } = await credentials.makeForDevice(by(device.accountId), device, name);
        const account = (await parts.accounts()).find(({ id }) => id === device.accountId)?.name ?? '';
        return { ...(await shown(record, account)), username: device.name, password: secret };
      },
      /** Of one device or of all, newest first within each account. */
      async list(deviceName?: string): Promise<ListedMqttCredential[]> {
        if (deviceName === undefined) return list('device', await parts.accounts());
        const device = await deviceNamed(deviceName);
        const owners = (await parts.accounts()).filter(({ id }) => id === device.accountId);
        return (await list('device', owners)).filter((one) => one.device === device.name);
      },
      /** @throws PorchlightError `not_found` */
      revoke: (id: string) => revoke('device', id),
    },
    appPasswords: {
      /** @param home name of a device that it stands for; @throws PorchlightError `not_found`, `conflict` */
      async make(account: string, name: string, home: string | undefined): Promise<MadeMqtt> {
        const owner = await accountNamed(account);
        const deviceId = home === undefined ? undefined : (await deviceNamed(home, owner)).id;
        const { record, secret } = await credentials.makeAppPassword(by(owner.id), { name, home: deviceId });
        return { ...(await shown(record, owner.name)), username: owner.name, password: secret };
      },
      /** Of one account or of all, newest first within each. */
      async list(account?: string): Promise<ListedMqttCredential[]> {
        return list('app', account === undefined ? await parts.accounts() : [await accountNamed(account)]);
      },
      /** @throws PorchlightError `not_found` */
      revoke: (id: string) => revoke('app', id),
    },
  };
}
