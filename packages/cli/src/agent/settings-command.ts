import { setTimeout as sleep } from 'node:timers/promises';
import {
  AgentConfigFile,
  forgetPassword,
  parseListen,
  prepareDataFolder,
  readPlace,
  type SettingsPlace,
} from '@porchlight/agent';
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { print, printJson, styled } from '../terminal/index.ts';
import { dataFolderOf, type ListingFlags, listingSubcommand } from './data-folder.ts';

/** An open page looks every two seconds whether its password was taken away. */
const NEW_CODE = { tries: 50, everyMs: 100 } as const;

/** `porchlight agent settings`: where the settings page is, what claims it, and how to change both. */
export function settingsCommand(): Command {
  return listingSubcommand('settings', 'Show where the settings page of this device is, and what claims it.')
    .action(async (options: ListingFlags) => show(await openPlace(options), options))
    .addCommand(listenCommand())
    .addCommand(resetCommand());
}

function listenCommand(): Command {
  return listingSubcommand('listen', 'Say where the settings page is from the next start on.')
    .argument('<address>', 'HOST:PORT, 0.0.0.0:8094 for the LAN; off; or default')
    .action(async (address: string, options: ListingFlags) => {
      const dataFolder = dataFolderOf(options);
      if (address !== 'default') parseListen(address);
      await prepareDataFolder(dataFolder);
      await new AgentConfigFile(dataFolder).setSettingsPage(address === 'default' ? undefined : address);
      if (options.json === true) return printJson({ settingsPage: address });
      print(`The settings page is at ${address} when the agent starts next.`);
    });
}

function resetCommand(): Command {
  return listingSubcommand(
    'reset-password',
    'Take the password of the settings page away, and show the code that claims it anew.',
  ).action(async (options: ListingFlags) => {
    const dataFolder = dataFolderOf(options);
    const before = await readPlace(dataFolder);
    await forgetPassword(dataFolder);
    if (before === undefined) {
      if (options.json === true) return printJson({});
      return print(
        'There is no password any more; "porchlight agent settings" shows the code once the agent runs.',
      );
    }
    show(await claimable(dataFolder), options);
  });
}

/** The place of a page that has seen that it has no password. */
async function claimable(dataFolder: string): Promise<SettingsPlace> {
  for (let n = 0; n < NEW_CODE.tries; n += 1) {
    const place = await readPlace(dataFolder);
    if (place?.claimCode !== undefined) return place;
    await sleep(NEW_CODE.everyMs);
  }
  throw new CommandError('the settings page does not notice', {
    hint: 'there is no password any more; restart the agent',
  });
}

async function openPlace(options: ListingFlags): Promise<SettingsPlace> {
  const place = await readPlace(dataFolderOf(options));
  if (place !== undefined) return place;
  throw new CommandError('no settings page is open', {
    hint: 'it is there while "porchlight agent run" runs, unless its place is "off"',
  });
}

function show(place: SettingsPlace, options: ListingFlags): void {
  if (options.json === true) return printJson(place);
  print(place.url);
  if (place.claimCode !== undefined) print(`Claim it with the code  ${styled.strong(place.claimCode)}`);
}
