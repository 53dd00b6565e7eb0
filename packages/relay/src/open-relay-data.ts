import { join } from 'node:path';
import { type Installer, PorchlightError } from '@porchlight/protocol';
import {
  accountName,
  deviceName,
  newAppPassword,
  newEnrolmentToken,
  newMqttCredential,
  newSshKey,
  password as passwordSchema,
  type Role,
  tags as tagsSchema,
} from '@porchlight/protocol/api';
import type { z } from 'zod';
import { type AccountRecord, Accounts, Passwords, Sessions, SshKeys } from './accounts/index.ts';
import { AuditLog } from './audit/index.ts';
import { systemClock } from './clock.ts';
import { ConfigError, prepareDataFolder, type RelayConfig } from './config/index.ts';
import { phoneHomeSha256 } from './console/index.ts';
import { type EnrolmentTokenRecord, EnrolmentTokens } from './enrolment/index.ts';
import { createEventBus } from './events.ts';
import { installerOf } from './installer.ts';
import { deviceData } from './open-relay-devices.ts';
import { mqttData } from './open-relay-mqtt.ts';
import { pathData } from './open-relay-paths.ts';
import { loadHostKey, parsePublicKeyLine } from './ssh/index.ts';
import { openStores } from './storage/index.ts';

const CONSOLE = { name: 'command line', address: 'local' } as const;
const LIST_MAX = 10_000;

/** What is on the disk of a relay, as the command line works on it. */
export type RelayData = Awaited<ReturnType<typeof openRelayData>>;

/** An enrolment token without what lets devices in. */
export type ListedToken = Omit<EnrolmentTokenRecord, 'tokenHash' | 'accountId'> & {
  readonly account: string;
};

/**
 * Opens the records of a relay, which may be running: it notices changes of accounts within half a minute, those of
 * tokens at once. Everything done here is in the audit log as `command line`.
 * @throws ConfigError, StorageError; each call PorchlightError or ConfigError too
 */
export async function openRelayData(config: RelayConfig) {
  await prepareDataFolder(config.data);
  const clock = systemClock;
  const stores = await openStores(
    config.database === undefined
      ? { kind: 'sqlite', file: join(config.data, 'porchlight.db') }
      : { kind: 'postgres', url: config.database.reveal() },
  );
  const fail = (error: unknown): void => {
    throw error;
  };
  const events = createEventBus(fail);
  const audit = new AuditLog({ store: stores.audit, clock, onError: fail });
  const sessions = new Sessions({ store: stores.sessions, clock, events });
  const passwords = new Passwords();
  const accounts = new Accounts({ store: stores.accounts, sessions, passwords, audit, events, clock });
  const tokens = new EnrolmentTokens({ store: stores.enrolmentTokens, audit, clock });

  const named = async (name: string): Promise<AccountRecord> => {
    const account = await stores.accounts.byName(name);
    if (account !== undefined) return account;
    throw new PorchlightError(
      'not_found',
      `there is no account "${name}": porchlight relay user list shows them`,
    );
  };
  const ownerOf = ({ id, name }: AccountRecord) => ({
    accountId: id,
    accountName: name,
    address: CONSOLE.address,
  });
  const listAccounts = () => stores.accounts.list({ limit: LIST_MAX });
  const devices = deviceData({
    stores,
    audit,
    events,
    clock,
    devicesPerAccount: config.limits.maxDevicesPerAccount,
    actor: CONSOLE.name,
    address: CONSOLE.address,
    accountNamed: named,
    accounts: listAccounts,
  });

  const sshKeys = new SshKeys({
    store: stores.sshKeys,
    deviceOwner: async (fingerprint) => (await stores.devices.byFingerprint(fingerprint))?.accountId,
    audit,
    events,
    clock,
  });

  const paths = pathData({
    ...{ stores, audit, events, clock, actor: CONSOLE.name, address: CONSOLE.address },
    accounts: listAccounts,
    perAccount: config.limits.pathRoutesPerAccount,
    served: config.paths.host !== undefined || config.paths.insecureOnConsole,
  });

  const mqtt = mqttData({
    ...{ stores, audit, events, clock, actor: CONSOLE.name, address: CONSOLE.address },
    accountNamed: named,
    accounts: listAccounts,
  });

  return {
    paths,
    mqttCredentials: {
      ...mqtt.mqttCredentials,
      make: (device: string, name = '') =>
        mqtt.mqttCredentials.make(device, check(newMqttCredential, { name }).name),
    },
    appPasswords: {
      ...mqtt.appPasswords,
      make: (account: string, name: string, home?: string) =>
        mqtt.appPasswords.make(account, check(newAppPassword, { name }).name, home),
    },
    accounts: {
      create: (wish: { name: string; password: string; role: Role }) =>
        accounts.create(CONSOLE, {
          name: check(accountName, wish.name),
          password: check(passwordSchema, wish.password),
          role: wish.role,
        }),
      async setPassword(name: string, password: string): Promise<void> {
        const { id } = await named(name);
        await accounts.setPassword(CONSOLE, id, check(passwordSchema, password));
      },
      setRole: async (name: string, role: Role) => accounts.setRole(CONSOLE, (await named(name)).id, role),
      /** Its devices, tokens and sessions go with it. */
      remove: async (name: string) => accounts.remove(CONSOLE, (await named(name)).id),
      async list() {
        const records = await listAccounts();
        return records.map(({ id, name, role, createdAt }) => ({ id, name, role, createdAt }));
      },
    },
    devices: {
      ...devices,
      enrol: (account: string, wish: { name: string; publicKey: string; tags: string[] }) =>
        devices.enrol(account, {
          name: check(deviceName, wish.name),
          publicKey: wish.publicKey,
          tags: check(tagsSchema, wish.tags),
        }),
      enrolWithoutKey: (account: string, wish: { name: string; tags: string[] }) =>
        devices.enrolWithoutKey(account, {
          name: check(deviceName, wish.name),
          tags: check(tagsSchema, wish.tags),
        }),
    },
    sshKeys: {
      async add(account: string, wish: { name?: string; publicKey: string }) {
        const { name, publicKey } = check(newSshKey, wish);
        const { comment, ...key } = parsePublicKeyLine(publicKey);
        const owner = { ...ownerOf(await named(account)), actor: CONSOLE.name };
        return sshKeys.add(owner, { ...key, name: name === '' ? comment : name }, CONSOLE.address);
      },
      list: async (account: string) => sshKeys.list((await named(account)).id),
      async remove(account: string, id: string): Promise<void> {
        const owner = { ...ownerOf(await named(account)), actor: CONSOLE.name };
        return sshKeys.remove(owner, id, CONSOLE.address);
      },
    },
    enrolmentTokens: {
      /** The token is given here and never again. */
      async make(
        account: string,
        wish: { note?: string; tags?: string[]; hours?: number; uses?: number },
      ): Promise<ListedToken & { readonly token: string }> {
        const owner = await named(account);
        const { record, token } = await tokens.make(ownerOf(owner), check(newEnrolmentToken, wish));
        return { ...listed(record, owner), token };
      },
      /** Of one account or of all, newest first. */
      async list(account?: string): Promise<ListedToken[]> {
        const owners = account === undefined ? await listAccounts() : [await named(account)];
        const all = await Promise.all(
          owners.map(async (owner) => (await tokens.list(owner.id)).map((record) => listed(record, owner))),
        );
        return all.flat().sort((one, other) => other.createdAt - one.createdAt);
      },
      async revoke(id: string): Promise<void> {
        for (const owner of await listAccounts()) {
          const found = (await tokens.list(owner.id)).some((record) => record.id === id);
          if (found) return tokens.revoke(ownerOf(owner), id);
        }
        throw new PorchlightError(
          'not_found',
          `there is no enrolment token "${id}": porchlight relay token list shows them`,
        );
      },
    },
    /** What the installer's line is made of. @throws ConfigError when a port is not settled by the configuration */
    async installer(): Promise<Installer> {
      const settled = (port: number | 'off') => (port === 'off' || port === 0 ? undefined : port);
      const { http, https, ssh, tls } = config;
      const ports = { http: settled(http.port), https: settled(https.port), ssh: settled(ssh.port) };
      const installer = installerOf(config, ports, {
        hostKey: (await loadHostKey(stores.secrets)).publicKey,
        sha256: await phoneHomeSha256(),
        ownAuthority: https.port !== 'off' && tls.certificate === undefined,
      });
      if (installer !== undefined) return installer;
      throw new ConfigError(
        'devices cannot be told where this relay takes SSH: give ssh.port and http.port, or their publicPort',
      );
    },
    async close(): Promise<void> {
      await audit.close();
      await stores.close();
    },
  };
}

/** Field by field, so that the hash is never shown. */
function listed(record: EnrolmentTokenRecord, { name }: AccountRecord): ListedToken {
  const { id, note, tags, createdAt, expiresAt, usesLeft, used } = record;
  return { id, account: name, note, tags, createdAt, expiresAt, usesLeft, used };
}

function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message } = { path: [], message: 'not possible' }] = parsed.error.issues;
  const words = message.replaceAll(': ', ', ');
  throw new ConfigError(path.length === 0 ? words : `the ${path.join('.')} cannot be so (${words})`);
}
