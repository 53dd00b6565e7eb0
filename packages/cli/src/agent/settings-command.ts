import { readPlace } from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { print, printJson, styled } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

/** `porchlight agent settings`: where the settings page is, and the code that claims it. */
export function settingsCommand(): Command {
  return listingSubcommand(
    'settings',
    'Show where the settings page of this device is, and what claims it.',
  ).action(async (options: ListingFlags) => {
    const place = await readPlace(dataFolderOf(options));
    if (place === undefined) {
      throw new CommandError('no settings page is open', {
        hint: 'it is there while "porchlight agent run" runs without "--settings off"',
      });
    }
    if (options.json === true) return printJson(place);
    print(place.url);
    if (place.claimCode !== undefined) print(`Claim it with the code  ${styled.strong(place.claimCode)}`);
  });
}
