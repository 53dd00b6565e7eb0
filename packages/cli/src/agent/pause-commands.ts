import { ConfigError, callAgent, PauseSwitch } from '@porchlight/agent';
import { Command } from 'commander';
import { print } from '../output.ts';
import { dataFolderOf, withData } from './agent-command.ts';

export function pauseCommand(): Command {
  return withData(
    new Command('pause').description('Let nobody in until "resume", over restarts too.'),
  ).action(async (options: { data?: string }) => {
    await setPaused(dataFolderOf(options), true);
    print('paused: nobody gets in until "porchlight agent resume"');
  });
}

export function resumeCommand(): Command {
  return withData(new Command('resume').description('Let people in again.')).action(
    async (options: { data?: string }) => {
      await setPaused(dataFolderOf(options), false);
      print('resumed');
    },
  );
}

/** Tells the running agent; without one the switch itself is set, which the next start obeys. */
async function setPaused(dataFolder: string, paused: boolean): Promise<void> {
  try {
    const command = paused ? 'pause' : 'resume';
    await callAgent(dataFolder, { command }, { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    if (!(error instanceof ConfigError) || !error.message.startsWith('no agent runs')) throw error;
    const pause = await PauseSwitch.open(dataFolder);
    await pause.set(paused, Date.now());
  }
}
