import { type Finding, runDoctor } from '@porchlight/agent';
import type { Command } from 'commander';
import { showFindings } from '../show-findings.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

/** `porchlight agent doctor`: exit code 0 when nothing failed, 1 otherwise. */
export function doctorCommand(): Command {
  return listingSubcommand('doctor', 'Find out why the device cannot be reached.').action(
    async (options: ListingFlags) => {
      await showFindings(examineDevice(dataFolderOf(options)), options);
    },
  );
}

/** What a doctor finds between a person and a service on this device; see `runDoctor` of the agent. */
export function examineDevice(dataFolder: string): AsyncGenerator<Finding> {
  return runDoctor({ dataFolder, environment: process.env });
}
