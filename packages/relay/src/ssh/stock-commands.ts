import type { ServerChannel } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { DeviceRecord } from '../devices/index.ts';
import type { CommandResult, StockDialect } from './stock-dialect.ts';

/** A command has its answer by then, whatever its standard input does. */
const COMMAND_MAX_MS = 15_000;
/** Longest command line that is looked at. */
const COMMAND_LENGTH_MAX = 1_000;
/** Exit codes of shells: not found, and ended by time-out as `timeout` of coreutils says it. */
const NOT_FOUND = 127;
const TIMED_OUT = 124;

/**
 * Runs a command over the channel of an exec request (RFC 4254 §6.5) and ends that with an exit code. Resolves when it
 * is done: true if the command is one of those that there are.
 */
export async function runCommand(
  channel: ServerChannel,
  command: {
    readonly device: DeviceRecord;
    readonly text: string;
    readonly dialects: readonly StockDialect[];
    readonly clock: Clock;
  },
): Promise<boolean> {
  const { device, dialects, clock } = command;
  const text = command.text.trim().slice(0, COMMAND_LENGTH_MAX);
  const abort = new AbortController();
  channel.once('close', () => abort.abort());
  const { promise: late, resolve } = Promise.withResolvers<CommandResult>();
  const cancelDeadline = clock.after(COMMAND_MAX_MS, () =>
    resolve({
      output: '',
      error: `no end of standard input within ${COMMAND_MAX_MS / 1000} s`,
      code: TIMED_OUT,
    }),
  );
  try {
    for (const dialect of dialects) {
      const running = dialect.run({ device, text, input: channel, signal: abort.signal });
      if (running === undefined) continue;
      answer(channel, await Promise.race([running, late]));
      return true;
    }
  } finally {
    cancelDeadline();
    abort.abort();
  }
  const names = dialects.flatMap((dialect) => dialect.commands).join(', ');
  answer(channel, {
    output: '',
    error: `there is no such command here; there are: ${names}`,
    code: NOT_FOUND,
  });
  return false;
}

/** Ends the channel with this; nothing happens when the client has gone. */
export function answer(channel: ServerChannel, { output, error, code }: CommandResult): void {
  if (channel.destroyed) return;
  if (output !== '') channel.write(output);
  if (error !== undefined) channel.stderr.write(`Porchlight: ${error}\n`);
  endChannel(channel, code);
}

/** Ends a session's channel with an exit code. */
export function endChannel(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}
