import { connect } from 'node:net';
import { join } from 'node:path';
import type { z } from 'zod';
import { ConfigError, isDeadSocket, systemErrorCode } from '../config/index.ts';
import { LineSplitter } from './line-splitter.ts';
import {
  CONTROL_SOCKET,
  type ControlCommand,
  type ControlRequest,
  controlReply,
  REPLY_LINE_MAX,
  RESULTS,
} from './messages.ts';

/** An agent that has not answered by then hangs. */
const ANSWER_DEADLINE_MS = 10_000;

export type ControlResult<Command extends ControlCommand> = z.infer<(typeof RESULTS)[Command]>;

/**
 * Asks the agent that runs on a data folder.
 * @throws ConfigError when none runs, it does not answer, or says no; the signal's reason when that aborts first
 */
export async function callAgent<Command extends ControlCommand>(
  dataFolder: string,
  request: ControlRequest & { command: Command },
  { signal, deadlineMs = ANSWER_DEADLINE_MS }: { signal: AbortSignal; deadlineMs?: number },
): Promise<ControlResult<Command>> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  let line: string;
  try {
    line = await exchange(join(dataFolder, CONTROL_SOCKET), `${JSON.stringify(request)}\n`, either);
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.aborted ? notAnswering(dataFolder, error) : describe(dataFolder, error);
  }
  const reply = parseReply(line);
  if (reply === undefined) throw notUnderstood(dataFolder);
  if (!reply.ok) throw new ConfigError(reply.error);
  const result = RESULTS[request.command].safeParse(reply.result);
  if (!result.success) throw notUnderstood(dataFolder, result.error);
  return result.data as ControlResult<Command>; // the schema was chosen by the same command
}

/** Sends one line and gives the next one back; the socket is gone when this ends. */
function exchange(path: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, signal });
    const lines = new LineSplitter(REPLY_LINE_MAX);
    socket.on('error', reject);
    socket.on('close', () => reject(new ConfigError('the agent ended the conversation: look into its log')));
    socket.on('data', (chunk: Buffer) => {
      const replies = lines.push(chunk);
      if (replies === undefined)
        reject(new ConfigError('the answer of the agent is too long: look into its log'));
      else if (replies[0] !== undefined) resolve(replies[0]);
      else return;
      socket.destroy();
    });
    socket.write(line);
  });
}

function parseReply(line: string): z.infer<typeof controlReply> | undefined {
  try {
    return controlReply.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function describe(dataFolder: string, error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  const options = { cause: error };
  if (isDeadSocket(error)) {
    return new ConfigError(
      `no agent runs on ${dataFolder}: start it with "porchlight agent run", or name its folder with --data`,
      { ...options, kind: 'no_agent' },
    );
  }
  const code = systemErrorCode(error) || String(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new ConfigError(
      `this user may not talk to the agent on ${dataFolder}: ask as its user or as root`,
      options,
    );
  }
  return new ConfigError(`the agent on ${dataFolder} cannot be asked (${code}): look into its log`, options);
}

function notAnswering(dataFolder: string, cause: unknown): ConfigError {
  return new ConfigError(`the agent on ${dataFolder} does not answer: look into its log, or restart it`, {
    cause,
  });
}

function notUnderstood(dataFolder: string, cause?: unknown): ConfigError {
  const text = `the agent on ${dataFolder} answers in another version's way: restart it after an upgrade`;
  return new ConfigError(text, { cause });
}
