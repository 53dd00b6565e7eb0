import { join } from 'node:path';
import { AuditLog } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { dataFolderLock, prepareDataFolder, type RelayConfig } from '../config/index.ts';
import { createEventBus } from '../events.ts';
import type { Stack } from '../stack.ts';
import { openStores } from '../storage/index.ts';
import { createMetrics, type Logger } from '../telemetry/index.ts';

/** What every part of the relay stands on. */
export type Foundation = Awaited<ReturnType<typeof layFoundation>>;

/** History of the audit log that is kept. */
const AUDIT_LIFE_MS = 400 * 24 * 3600_000;
const SWEEP_MS = 6 * 3600_000;

/**
 * Takes the data folder, opens the database, and makes what all parts share.
 * @throws ConfigError, StorageError
 */
export async function layFoundation(config: RelayConfig, clock: Clock, logger: Logger, stack: Stack) {
  for (const warning of await prepareDataFolder(config.data)) logger.warn({ warning }, 'data folder');
  const lock = dataFolderLock(config.data);
  stack.add(() => lock.release());
  const stores = await openStores(
    config.database === undefined
      ? { kind: 'sqlite', file: join(config.data, 'porchlight.db') }
      : { kind: 'postgres', url: config.database.reveal() },
  );
  stack.add(() => stores.close());
  /** Where errors go that nobody waits for. */
  const failed = (what: string) => (error: unknown) => logger.error({ error }, what);
  const metrics = createMetrics({ process: config.metrics.port !== 'off' });
  const events = createEventBus(failed('event listener failed'));
  const audit = new AuditLog({ store: stores.audit, clock, onError: failed('audit not written') });
  stack.add(() => audit.close());
  stack.add(
    clock.every(SWEEP_MS, () => {
      stores.audit.prune(clock.now() - AUDIT_LIFE_MS).catch(failed('audit not pruned'));
    }),
  );
  return { config, clock, logger, stack, stores, metrics, events, audit, failed };
}
