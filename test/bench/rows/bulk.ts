import { join } from 'node:path';
import { startScript } from '@porchlight/testkit';
import { medianOf } from '../figures.ts';
import { startOpenSsh } from '../peers/openssh.ts';
import { startDevice, startRelay } from '../porchlight.ts';
import type { Line, Row } from '../row.ts';
import { download, upload } from '../transfer.ts';

const SECONDS = 3;
const ROUNDS = 3;

/** One TCP connection through a forward, as much as goes, in both directions. */
export const bulkRow: Row = {
  name: 'bulk',
  what: 'bulk TCP through a forward against ssh -R',
  async run(scene) {
    const server = await scene.use(
      startScript(join(import.meta.dirname, '../programs/stream-server.ts')),
      (it) => it.stop(),
    );
    const target = Number((await server.json((line) => 'port' in line))['port']);
    const openssh = await startOpenSsh(scene, new Map([['stream', target]]));
    const relay = await startRelay(scene);
    const device = await startDevice(scene, relay, { services: { stream: `tcp://127.0.0.1:${target}` } });
    const forward = await relay.api('POST', `/api/devices/${device.id}/forwards`, {
      service: 'stream',
      minutes: 60,
    });
    const ours = Number(Reflect.get(forward as object, 'port'));
    const theirs = openssh.ports.get('stream') ?? 0;
    const lines: Line[] = [];
    for (const [what, measure] of [
      ['bulk TCP from the device', download],
      ['bulk TCP to the device', upload],
    ] as const) {
      const runs: { a: number; b: number }[] = [];
      await measure(ours, 1);
      for (let round = 0; round < ROUNDS; round += 1) {
        runs.push({ a: await measure(ours, SECONDS), b: await measure(theirs, SECONDS) });
        scene.say(`${what}: ${gigabits(runs.at(-1)?.a)} against ${gigabits(runs.at(-1)?.b)}`);
      }
      lines.push({
        what,
        ours: gigabits(medianOf(runs, (run) => run.a)),
        peer: gigabits(medianOf(runs, (run) => run.b)),
        value: medianOf(runs, (run) => run.a / run.b),
        unit: '×',
        bar: { atLeast: 0.65 },
        detail: { runs },
      });
    }
    return lines;
  },
};

function gigabits(bytesPerSecond = 0): string {
  return `${((bytesPerSecond * 8) / 1e9).toFixed(2)} Gbit/s`;
}
