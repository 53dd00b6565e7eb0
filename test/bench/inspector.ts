import type { RunningProgram } from '@porchlight/testkit';
import { sleep } from './figures.ts';

/** What starts a Node program with a port for {@link collectGarbage}. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Where the inspectors were: of what a program says, only the last lines are there. */
const urls = new WeakMap<RunningProgram, string>();

/** Makes a Node program that was started with {@link INSPECTABLE} collect its garbage, twice, and settle. */
export async function collectGarbage(program: RunningProgram): Promise<void> {
  const url =
    program.lines.map((line) => /ws:\/\/\S+/.exec(line)?.[0]).findLast((found) => found !== undefined) ??
    urls.get(program);
  if (url === undefined) throw new Error('the program shows no inspector');
  urls.set(program, url);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  for (let id = 1; id <= 3; id += 1) {
    const done = new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await done;
    // Pages are given back to the system a little later.
    await sleep(1_000);
  }
  socket.close();
}
