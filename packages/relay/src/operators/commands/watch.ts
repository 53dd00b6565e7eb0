import type { Device } from '@porchlight/protocol/api';
import { EventWords } from '@porchlight/protocol/words';
import { printable } from '../terminal/index.ts';
import type { Command } from './command.ts';

export const watch: Command = {
  usage: 'watch',
  summary: 'what happens, as it happens, until you hang up',
  args: [0, 0],
  async run(call) {
    const { json } = call.words;
    const ended = Promise.withResolvers<void>();
    const known = new EventWords(await call.list<Device>('/api/devices?limit=500'));
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
          const text = known.say(event);
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
