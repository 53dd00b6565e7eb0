import { PorchlightError } from '@porchlight/protocol';
import type { Device, JoinRequest } from '@porchlight/protocol/api';
import { DEVICES_LISTED_MAX, DeviceList } from '@porchlight/protocol/words';
import { COMMANDS, type CommandCall, helpText } from './commands/index.ts';
import { type CommandHost, type CommandParts, type CommandTools, commandTools } from './run-command.ts';
import { printable } from './terminal/index.ts';

/** Redrawn at most so often, and at least so often: spans grow. */
const DRAW_MS = 250;
const REDRAW_MS = 10_000;
/** Keys that leave: q, Ctrl-C, Ctrl-D. */
const LEAVING = new Set(['q', 'Q', '\x03', '\x04']);
/** A notice is shown for so long. */
const NOTICE_MS = 20_000;

const FOOT = 'q leaves; "help" as a command lists what else there is';

/**
 * What `ssh operator@relay` shows: on a terminal a list that lives until `q`, else the list once, with the commands.
 * It is drawn over itself in place, without the terminal's other screen, so that a lost connection leaves no mess.
 * @param onNotice takes what shows a line beneath the list
 * @returns the exit status
 */
export async function showList(
  parts: CommandParts,
  host: CommandHost,
  onNotice: (show: (text: string) => void) => void,
): Promise<number> {
  const tools = commandTools(parts, host);
  try {
    if (host.terminal.size !== undefined) return await live(tools, onNotice);
    const devices = COMMANDS.get('devices');
    const none: CommandCall['words'] = { args: [], json: false, all: () => [], one: () => undefined };
    await devices?.run({ ...tools, words: none });
    tools.print(`\n${helpText(parts.relay)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof PorchlightError)) throw error;
    host.terminal.err(`error: ${printable(error.message)}\n`);
    return 1;
  }
}

async function live(tools: CommandTools, onNotice: (show: (text: string) => void) => void): Promise<number> {
  const { terminal } = tools;
  const left = Promise.withResolvers<void>();
  const known = new DeviceList();
  let notice: { text: string; until: number } | undefined;
  let drawn = 0;
  let due = true;
  let clear = false;

  const draw = (): void => {
    // A client that does not read gets the newest once it does.
    if (!due || !terminal.ready || terminal.size === undefined) return;
    due = false;
    if (notice !== undefined && notice.until < tools.now()) notice = undefined;
    const lines = known.lines(terminal.size, { now: tools.now(), foot: notice?.text ?? FOOT });
    const back = clear ? '\x1b[H\x1b[J' : drawn > 1 ? `\x1b[${drawn - 1}A\r\x1b[J` : '\r\x1b[J';
    clear = false;
    drawn = lines.length;
    terminal.out(back + lines.join('\n'));
  };
  terminal.onKeys((key) => {
    if (LEAVING.has(key)) left.resolve();
  });
  terminal.onResize(() => {
    // Lines have been broken anew: nobody knows where the list begins.
    clear = true;
    due = true;
    draw();
  });
  tools.signal.addEventListener('abort', () => left.resolve());
  onNotice((text) => {
    notice = { text, until: tools.now() + NOTICE_MS };
    due = true;
  });

  let over = false;
  let end = (): void => undefined;
  await tools.watch((onEnd) => {
    end = () => {
      if (over) return;
      over = true;
      onEnd();
      left.resolve();
    };
    return {
      send(event) {
        known.hear(event);
        due = true;
      },
      beat: () => undefined,
      end,
      get ended() {
        return over;
      },
    };
  });
  const stops = [
    tools.every(DRAW_MS, draw),
    tools.every(REDRAW_MS, () => {
      due = true;
    }),
  ];
  try {
    const [page, requests] = await Promise.all([
      tools.api<{ items: Device[] }>('GET', `/api/devices?limit=${DEVICES_LISTED_MAX}`),
      tools.list<JoinRequest>('/api/join-requests'),
    ]);
    known.begin(page.items, requests);
    draw();
    await left.promise;
  } finally {
    for (const stop of stops) stop();
    end();
  }
  terminal.out('\n');
  return 0;
}
