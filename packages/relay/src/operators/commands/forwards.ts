import { isServiceName, PorchlightError, parseMinutes } from '@porchlight/protocol';
import type { Forward } from '@porchlight/protocol/api';
import { bytes, printable, span, table } from '../terminal/index.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';

/** While nothing changes, people are told so often that it goes on. */
const PROGRESS_MS = 15_000;

export const forward: Command = {
  usage: 'forward DEVICE PORT[:RELAYPORT]',
  summary:
    'a port on the relay for a time; --for 1h, --bind ADDRESS, --allow ADDRESS/BITS; PORT or a service',
  args: [2, 2],
  options: { for: false, bind: false, allow: true },
  async run(call) {
    const { words } = call;
    const [deviceName = '', target = ''] = words.args;
    const wish = parseTarget(target);
    const time = words.one('for');
    const minutes = time === undefined ? undefined : parseMinutes(time);
    if (time !== undefined && minutes === undefined)
      throw new UsageError('--for takes a time such as 30m, 1h or 2d');
    const device = await call.device(deviceName);
    const body = {
      ...wish,
      ...(minutes === undefined ? {} : { minutes }),
      ...(words.one('bind') === undefined ? {} : { bind: words.one('bind') }),
      ...(words.all('allow').length === 0 ? {} : { allow: words.all('allow') }),
    };
    const opened = await untilOpen(call, device.name, () =>
      call.api<Forward>('POST', `/api/devices/${device.id}/forwards`, body),
    );
    if (opened === undefined) return;
    if (words.json) return call.printJson(opened);
    call.print(printable(opened.address));
    const until = new Date(opened.expiresAt).toISOString().slice(0, 16).replace('T', ' ');
    const who = opened.allow.length === 0 ? '' : `, for ${opened.allow.join(', ')} only`;
    call.terminal.err(`open until ${until} UTC${printable(who)}; "forwards close ${opened.id}" ends it\n`);
  },
};

/** Asks for a forward and waits until it is open; undefined: the person has hung up, and it stays asked for. */
async function untilOpen(
  call: CommandCall,
  device: string,
  ask: () => Promise<Forward>,
): Promise<Forward | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Forward | undefined>();
  const heard = new Map<string, Forward | string>();
  let id: string | undefined;
  let told = '';
  const look = (): void => {
    const now = id === undefined ? undefined : heard.get(id);
    if (now === undefined) return;
    if (typeof now === 'string')
      return reject(new PorchlightError('expired', `The forward has ended: ${now}`));
    if (now.state === 'open') return resolve(now);
    const { waiting } = now;
    const due = waiting?.dueAt === undefined ? '' : `, expected in ${span(waiting.dueAt - call.now())}`;
    const text =
      waiting?.read === true
        ? `${device} has read it and is about to connect`
        : `waiting: ${waiting?.reason ?? device}${due}`;
    if (text === told) return;
    told = text;
    call.terminal.err(`${printable(text)}\n`);
  };
  let over = false;
  let leave = (): void => undefined;
  // Before it is asked for, so that nothing is missed.
  await call.watch((onEnd) => {
    leave = () => {
      if (over) return;
      over = true;
      onEnd();
      resolve(undefined);
    };
    return {
      send(event) {
        if (event.type === 'forward') heard.set(event.forward.id, event.forward);
        else if (event.type === 'forward-ended') heard.set(event.id, event.reason);
        look();
      },
      beat: () => undefined,
      end: leave,
      get ended() {
        return over;
      },
    };
  });
  call.signal.addEventListener('abort', leave);
  const cancel = call.every(PROGRESS_MS, look);
  try {
    const asked = await ask();
    id = asked.id;
    if (!heard.has(id)) heard.set(id, asked);
    look();
    return await promise;
  } finally {
    cancel();
    leave();
  }
}

/** `22`, `80:8765`, `web`, `web:8765`. @throws UsageError */
function parseTarget(text: string): { port?: number; service?: string; relayPort?: number } {
  const [target = '', relay, ...more] = text.split(':');
  const relayPort = relay === undefined ? undefined : portOf(relay);
  const port = portOf(target);
  if (more.length > 0 || (relay !== undefined && relayPort === undefined)) {
    throw new UsageError('a port, or PORT:RELAYPORT, each from 1 to 65535');
  }
  if (port === undefined && (/^\d+$/.test(target) || !isServiceName(target))) {
    throw new UsageError(`"${text}" is neither a port from 1 to 65535 nor a service`);
  }
  return {
    ...(port === undefined ? { service: target } : { port }),
    ...(relayPort === undefined ? {} : { relayPort }),
  };
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

export const forwards: Command = {
  usage: 'forwards [close ID]',
  summary: 'the forwards that are open or wait, or end one',
  args: [0, 2],
  async run(call) {
    const [verb, id] = call.words.args;
    if (verb !== undefined) {
      if (verb !== 'close' || id === undefined) throw new UsageError('say "forwards close ID"');
      await call.api('DELETE', `/api/forwards/${encodeURIComponent(id)}`);
      if (call.words.json) call.printJson({ id });
      else call.print('closed');
      return;
    }
    const found = await call.list<Forward>('/api/forwards');
    if (call.words.json) return call.printJson(found);
    if (found.length === 0) return call.print('no forwards');
    const now = call.now();
    const rows = found.map((one) => [
      one.id,
      one.deviceName,
      one.service ?? String(one.devicePort ?? ''),
      one.state,
      span(one.expiresAt - now),
      String(one.connections),
      bytes(one.bytesIn + one.bytesOut),
      one.address,
    ]);
    call.print(table([['ID', 'DEVICE', 'PORT', 'STATE', 'LEFT', 'OPEN', 'BYTES', 'USE'], ...rows]));
  },
};
