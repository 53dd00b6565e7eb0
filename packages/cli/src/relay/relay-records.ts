import { openRelayData, type RelayData } from '@porchlight/relay';
import type { Command } from 'commander';
import { configOf } from './relay-options.ts';

/** Opens the records that a command line means, and closes them at the end. */
export async function withRecords<T>(command: Command, use: (records: RelayData) => Promise<T>): Promise<T> {
  const records = await openRelayData(configOf(command).config);
  try {
    return await use(records);
  } finally {
    await records.close();
  }
}
