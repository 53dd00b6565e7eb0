import { PauseSwitch } from '@porchlight/agent';
import { askAgentIfAny } from './running-agent.ts';

/** Tells the running agent; without one the switch itself is set, which the next start obeys. */
export async function setPaused(dataFolder: string, paused: boolean): Promise<void> {
  if ((await askAgentIfAny(dataFolder, paused ? 'pause' : 'resume')) !== undefined) return;
  const pause = await PauseSwitch.open(dataFolder);
  await pause.set(paused, Date.now());
}
