import { join } from 'node:path';
import { accountName, password as passwordSchema, type Role } from '@porchlight/protocol/api';
import type { z } from 'zod';
import { Accounts, Passwords, Sessions } from './accounts/index.ts';
import { AuditLog } from './audit/index.ts';
import { systemClock } from './clock.ts';
import { ConfigError, prepareDataFolder, type RelayConfig } from './config/index.ts';
import { createEventBus } from './events.ts';
import { openStores } from './storage/index.ts';

const CONSOLE = { name: 'command line', address: 'local' } as const;
const LIST_MAX = 10_000;

/**
 * The accounts of a relay's database, for the command line; the relay may be running. Its sessions notice a new
 * password within half a minute.
 * @throws ConfigError, StorageError, PorchlightError
 */
export async function openAccounts(config: RelayConfig) {
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
  const accounts = new Accounts({
    store: stores.accounts,
    sessions,
    passwords: new Passwords(),
    audit,
    events,
    clock,
  });
  return {
    create: (wish: { name: string; password: string; role: Role }) =>
      accounts.create(CONSOLE, {
        name: check(accountName, wish.name),
        password: check(passwordSchema, wish.password),
        role: wish.role,
      }),
    async setPassword(name: string, password: string) {
      const account = await stores.accounts.byName(name);
      if (account === undefined) {
        throw new ConfigError(`there is no account "${name}": porchlight relay user list shows them`);
      }
      await accounts.setPassword(CONSOLE, account.id, check(passwordSchema, password));
    },
    async list() {
      const records = await stores.accounts.list({ limit: LIST_MAX });
      return records.map(({ id, name, role, createdAt }) => ({ id, name, role, createdAt }));
    },
    async close() {
      await audit.close();
      await stores.close();
    },
  };
}

function check<T>(schema: z.ZodType<T>, value: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues[0]?.message ?? 'not valid');
}
