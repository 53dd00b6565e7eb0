import { type BaseStationAnswer, type BaseStationAsk, callAgent } from '@porchlight/agent';
import { dataFolderOf, type ListingFlags } from '../data-folder.ts';

const ANSWER_DEADLINE_MS = 10_000;

/** Asks the base station of the agent that runs. @throws ConfigError: none runs, or it says no */
export function askBaseStation(options: ListingFlags, ask: BaseStationAsk): Promise<BaseStationAnswer> {
  const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  return callAgent(dataFolderOf(options), { command: 'base-station', ask }, { signal });
}
