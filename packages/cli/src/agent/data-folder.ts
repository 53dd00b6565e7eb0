import { homedir } from 'node:os';
import { chooseDataFolder } from '@porchlight/agent';
import { Command } from 'commander';
import { twinned } from '../environment-twins.ts';

export interface AgentFlags {
  readonly data?: string;
}

export interface ListingFlags extends AgentFlags {
  readonly json?: boolean;
}

/** A command that works on an agent's data folder. */
export function agentSubcommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(twinned('--data <folder>', 'folder of this agent', 'PORCHLIGHT_DATA'));
}

/** The same with `--json`. */
export function listingSubcommand(name: string, description: string): Command {
  return agentSubcommand(name, description).addOption(
    twinned('--json', 'answer in JSON, for machines', 'PORCHLIGHT_JSON'),
  );
}

/** The agent's data folder that a command line means. */
export function dataFolderOf({ data }: AgentFlags): string {
  return chooseDataFolder({ flag: data, env: process.env, uid: process.geteuid?.(), home: homedir() });
}
