import type { Device, LiveEvent } from '@porchlight/protocol/api';
import { printable } from '../terminal/index.ts';
import type { Command } from './command.ts';
import { statusOf } from './device-words.ts';

export const watch: Command = {
  usage: 'watch',
  summary: 'what happens, as it happens, until you hang up',
  args: [0, 0],
  async run(call) {
    const { json } = call.words;
    const ended = Promise.withResolvers<void>();
    const known = new Map<string, { name: string; status: string }>();
    for (const device of await call.list<Device>('/api/devices?limit=500')) {
      known.set(device.id, { name: device.name, status: statusOf(device) });
    }
    const say = (text: string): void => {
      const time = new Date(call.now()).toISOString().slice(0, 19).replace('T', ' ');
      call.print(`${time}  ${printable(text)}`);
    };
    await call.watch((onEnd) => {
      let over = false;
      const end = (): void => {
        if (over) return;
        over = true;
        onEnd();
        ended.resolve();
      };
      call.signal.addEventListener('abort', end);
      return {
        send(event) {
          if (json) return call.printJson(event);
          const text = wordsFor(event, known);
          if (text !== undefined) say(text);
        },
        beat: () => undefined,
        end,
        get ended() {
          return over || call.signal.aborted;
        },
      };
    });
    if (!call.signal.aborted) await ended.promise;
  },
};

/** What an event says to people; undefined when nothing has changed that they would notice. */
function wordsFor(
  event: LiveEvent,
  known: Map<string, { name: string; status: string }>,
): string | undefined {
  switch (event.type) {
    case 'device': {
      const { device } = event;
      const before = known.get(device.id);
      const now = { name: device.name, status: statusOf(device) };
      known.set(device.id, now);
      if (before === undefined) return `${now.name} is new (${now.status})`;
      if (before.name !== now.name) return `${before.name} is called ${now.name} now`;
      if (before.status === now.status) return undefined;
      const why = device.link.up ? (device.link.address ?? '') : (device.link.reason ?? '');
      return `${now.name} is ${now.status}${why === '' ? '' : ` (${why})`}`;
    }
    case 'device-removed': {
      const before = known.get(event.id);
      known.delete(event.id);
      return `${before?.name ?? event.id} was removed`;
    }
    case 'join-request': {
      const { code, name, address } = event.request;
      return `${name} asks to be let in from ${address}: code ${code}`;
    }
    case 'join-request-ended':
      return `a join request was ${event.outcome}`;
    default:
      return undefined;
  }
}
