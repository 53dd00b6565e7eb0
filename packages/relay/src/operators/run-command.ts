import { ERRORS, PorchlightError } from '@porchlight/protocol';
import type { Person } from '../access/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceStore } from '../devices/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { COMMANDS, type CommandCall, parseWords, splitLine, UsageError } from './commands/index.ts';
import type { OperatorApi } from './operator-api.ts';
import { printable, printableJson, type Terminal } from './terminal/index.ts';

/** Exit statuses, as shells have them. */
const FAILED = 1;
const WRONG_USE = 2;
const NOT_FOUND = 127;
/** Pages of a listing that a command reads: 500 devices each. */
const PAGES_MAX = 100;
const NAME_SHOWN_MAX = 40;

export interface CommandParts {
  readonly api: () => OperatorApi;
  readonly devices: Pick<DeviceStore, 'byName'>;
  readonly relay: CommandCall['relay'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who runs a command, and where. */
export interface CommandHost {
  readonly terminal: Terminal;
  readonly address: string;
  /** Who it is now; undefined when it is nobody any more. */
  readonly person: () => Promise<Person | undefined>;
}

/** What a command works with, apart from its words. */
export type CommandTools = Omit<CommandCall, 'words'>;

/** Runs one command line, and gives the exit status. Never throws. */
export async function runCommand(line: string, parts: CommandParts, host: CommandHost): Promise<number> {
  const { terminal } = host;
  const fail = (status: number, error: string, hint: string): number => {
    terminal.err(`error: ${printable(error)}\nhint: ${printable(hint)}\n`);
    return status;
  };
  let usage = 'help';
  try {
    const [name = 'help', ...rest] = splitLine(line);
    const command = COMMANDS.get(name);
    if (command === undefined) {
      const shown = name.slice(0, NAME_SHOWN_MAX);
      return fail(NOT_FOUND, `there is no command "${shown}"`, '"help" lists those there are');
    }
    usage = command.usage;
    await command.run({ ...commandTools(parts, host), words: parseWords(rest, command) });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) return fail(WRONG_USE, error.message, `usage: ${usage}; see "help"`);
    if (error instanceof PorchlightError) return fail(FAILED, error.message, hintFor(error));
    parts.logger.error({ error, address: host.address }, 'command of an operator failed');
    return fail(FAILED, ERRORS.internal.title, "The relay's log has the cause.");
  }
}

export function commandTools(parts: CommandParts, host: CommandHost): CommandTools {
  const { terminal } = host;
  const person = async (): Promise<Person> => {
    const now = await host.person();
    if (now === undefined) throw new PorchlightError('not_signed_in', 'This key or token is no longer valid');
    return now;
  };
  const caller = async () => {
    const now = await person();
    const identify = async () => (await host.person()) ?? ({ kind: 'anonymous' } as const);
    return { person: now, address: host.address, identify };
  };
  const api = async <T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<T> =>
    (await parts.api().call(await caller(), { method, path, ...(body === undefined ? {} : { body }) })) as T;
  return {
    terminal,
    relay: parts.relay,
    signal: terminal.signal,
    now: () => parts.clock.now(),
    every: (ms, call) => parts.clock.every(ms, call),
    print: (text) => terminal.out(`${text}\n`),
    printJson: (value) => terminal.out(`${printableJson(value)}\n`),
    person,
    api,
    async list<T>(path: string): Promise<T[]> {
      const items: T[] = [];
      let next: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const cursor =
          next === undefined ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`;
        const got = await api<{ items: T[]; next?: string }>('GET', `${path}${cursor}`);
        items.push(...got.items);
        next = got.next;
        if (next === undefined) break;
      }
      return items;
    },
    async device(name) {
      const { accountId } = await person();
      const found = await parts.devices.byName(name.toLowerCase());
      if (found?.accountId === accountId) return found;
      const shown = name.slice(0, NAME_SHOWN_MAX);
      throw new PorchlightError('not_found', `You have no device named "${shown}"; "devices" lists them`);
    },
    watch: async (open) => parts.api().watch(await caller(), open),
  };
}

/** Hints of the table speak of HTTP in places. */
function hintFor(error: PorchlightError): string {
  const { retryAfter } = error.detail;
  switch (error.code) {
    case 'bad_request':
    case 'not_found':
      return '"help" shows the commands, "devices" and "requests" what there is';
    case 'too_many_requests':
      return typeof retryAfter === 'number' ? `Wait ${retryAfter} s.` : 'Wait a moment.';
    case 'not_signed_in':
      return 'Connect again with a key of your account, or a token.';
    default:
      return error.hint;
  }
}
