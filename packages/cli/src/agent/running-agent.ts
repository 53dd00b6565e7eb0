import { ConfigError, callAgent } from '@porchlight/agent';

const ANSWER_DEADLINE_MS = 10_000;

type Asked = Exclude<Parameters<typeof callAgent>[1]['command'], 'base-station'>;

/** Asks the agent that runs on a data folder. @throws ConfigError, of the kind `no_agent` when none runs */
export function askAgent<Command extends Asked>(dataFolder: string, command: Command) {
  return callAgent(dataFolder, { command }, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
}

/** The same; undefined when no agent runs there. */
export async function askAgentIfAny<Command extends Asked>(dataFolder: string, command: Command) {
  try {
    return await askAgent(dataFolder, command);
  } catch (error) {
    if (error instanceof ConfigError && error.kind === 'no_agent') return undefined;
    throw error;
  }
}
