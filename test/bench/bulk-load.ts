import { medianOf } from './figures.ts';
import type { Line, Scene } from './row.ts';
import { download, upload } from './transfer.ts';

const SECONDS = 3;
const ROUNDS = 3;

/** One TCP connection through each of two ports in turn, as much as goes, in both directions. */
export async function compareBulk(
  scene: Scene,
  { ours, theirs, what, atLeast = 0.65 }: { ours: number; theirs: number; what: string; atLeast?: number },
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [direction, measure] of [
    ['from the device', download],
    ['to the device', upload],
  ] as const) {
    const runs: { a: number; b: number }[] = [];
    await measure(ours, 1);
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({ a: await measure(ours, SECONDS), b: await measure(theirs, SECONDS) });
      scene.say(`${direction}: ${gigabits(runs.at(-1)?.a)} against ${gigabits(runs.at(-1)?.b)}`);
    }
    lines.push({
      what: `${what} ${direction}`,
      ours: gigabits(medianOf(runs, (run) => run.a)),
      peer: gigabits(medianOf(runs, (run) => run.b)),
      value: medianOf(runs, (run) => run.a / run.b),
      unit: '×',
      bar: { atLeast },
      detail: { runs },
    });
  }
  return lines;
}

function gigabits(bytesPerSecond = 0): string {
  return `${((bytesPerSecond * 8) / 1e9).toFixed(2)} Gbit/s`;
}
