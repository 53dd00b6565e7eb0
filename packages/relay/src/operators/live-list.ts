import { PorchlightError } from '@porchlight/protocol';
import type { Device, JoinRequest, LiveEvent } from '@porchlight/protocol/api';
import { COMMANDS, type CommandCall, helpText, servicesOf, sinceOf, statusOf } from './commands/index.ts';
import { type CommandHost, type CommandParts, type CommandTools, commandTools } from './run-command.ts';
import { printable, type Size, span, table } from './terminal/index.ts';

/** Redrawn at most so often, and at least so often: spans grow. */
const DRAW_MS = 250;
const REDRAW_MS = 10_000;
/** Devices that are kept for the list; a screen has room for fewer. */
const DEVICES_MAX = 500;
/** Keys that leave: q, Ctrl-C, Ctrl-D. */
const LEAVING = new Set(['q', 'Q', '\x03', '\x04']);
/** A notice is shown for so long. */
const NOTICE_MS = 20_000;

/** What is known for the list, as events bring it. */
interface Known {
  readonly devices: Map<string, Device>;
  readonly requests: Map<string, JoinRequest>;
}

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
  const known: Known = { devices: new Map(), requests: new Map() };
  let notice: { text: string; until: number } | undefined;
  let drawn = 0;
  let due = true;
  let clear = false;

  const draw = (): void => {
    // A client that does not read gets the newest once it does.
    if (!due || !terminal.ready || terminal.size === undefined) return;
    due = false;
    if (notice !== undefined && notice.until < tools.now()) notice = undefined;
    const lines = linesOf(known, terminal.size, { now: tools.now(), notice: notice?.text });
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
        hear(known, event);
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
      tools.api<{ items: Device[] }>('GET', `/api/devices?limit=${DEVICES_MAX}`),
      tools.list<JoinRequest>('/api/join-requests'),
    ]);
    for (const device of page.items) if (!known.devices.has(device.id)) known.devices.set(device.id, device);
    for (const request of requests) known.requests.set(request.id, request);
    draw();
    await left.promise;
  } finally {
    for (const stop of stops) stop();
    end();
  }
  terminal.out('\n');
  return 0;
}

function hear({ devices, requests }: Known, event: LiveEvent): void {
  if (event.type === 'device') {
    if (devices.has(event.device.id) || devices.size < DEVICES_MAX)
      devices.set(event.device.id, event.device);
  } else if (event.type === 'device-removed') devices.delete(event.id);
  else if (event.type === 'join-request') requests.set(event.request.id, event.request);
  else if (event.type === 'join-request-ended') requests.delete(event.id);
}

/** The list as lines that fit the screen: requests first, since somebody waits for an answer. */
export function linesOf(
  { devices, requests }: Known,
  { columns, rows }: Size,
  { now, notice }: { now: number; notice: string | undefined },
): string[] {
  const cut = (line: string): string => (line.length < columns ? line : `${line.slice(0, columns - 2)}~`);
  const foot = ['', notice ?? 'q leaves; "help" as a command lists what else there is'];
  const asking = [...requests.values()]
    .filter(({ expiresAt }) => expiresAt > now)
    .flatMap(({ code, name, address, expiresAt }) => [
      `${name} asks to be let in from ${address}, for ${span(expiresAt - now)} more: allow ${code}`,
    ]);
  const askingShown = asking.slice(0, Math.max(1, Math.floor(rows / 3)));
  if (askingShown.length > 0) askingShown.push('');
  const sorted = [...devices.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const up = sorted.filter(({ link }) => link.up).length;
  const head = `${sorted.length} device${sorted.length === 1 ? '' : 's'}, ${up} up`;
  const room = Math.max(1, rows - 1 - foot.length - askingShown.length - 2);
  // Those that are not as they should be come first when not all have room.
  const shown =
    sorted.length <= room
      ? sorted
      : [...sorted.filter(({ link }) => !link.up), ...sorted.filter(({ link }) => link.up)].slice(
          0,
          room - 1,
        );
  const body = table([
    ['NAME', 'STATUS', 'SINCE', 'SERVICES'],
    ...shown.map((one) => [one.name, statusOf(one), sinceOf(one, now), servicesOf(one)]),
  ]).split('\n');
  if (shown.length < sorted.length)
    body.push(`and ${sorted.length - shown.length} more: "devices" lists all`);
  return [...askingShown, head, ...body, ...foot].map((line) => cut(printable(line)));
}
