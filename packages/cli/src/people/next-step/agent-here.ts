import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentStatus } from '@porchlight/agent';

/** An agent that answers at all does so at once. */
const ANSWER_MS = 2_000;

export interface AgentHere {
  readonly folder: string;
  /** Undefined: it does not run. */
  readonly status: AgentStatus | undefined;
}

/** The agent of this machine; undefined: none was ever set up. */
export async function agentHere(): Promise<AgentHere | undefined> {
  const { dataFolderOf } = await import('../../agent/data-folder.ts');
  const folder = dataFolderOf({});
  if (!existsSync(join(folder, 'agent.yaml'))) return undefined;
  const { callAgent, ConfigError } = await import('@porchlight/agent');
  try {
    const status = await callAgent(
      folder,
      { command: 'status' },
      { signal: AbortSignal.timeout(ANSWER_MS), deadlineMs: ANSWER_MS },
    );
    return { folder, status };
  } catch (error) {
    if (error instanceof ConfigError || (error instanceof Error && error.name === 'TimeoutError'))
      return { folder, status: undefined };
    throw error;
  }
}
