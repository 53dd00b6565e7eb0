import { medianOf, thousands } from './figures.ts';
import { SIZES } from './peers/nginx.ts';
import { cpuSeconds } from './processes.ts';
import type { Line, Scene } from './row.ts';
import { type Rate, wrk } from './wrk.ts';

const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 5;
const NAMES = { small: '~100 B', '10k': '10 kB', '100k': '100 kB' } as const;

type Size = keyof typeof SIZES;

/** A published page, and the programs that carry it. */
export interface Side {
  readonly pids: readonly number[];
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

type Measured = Rate & { readonly cpuMicros: number };

/** Loads both sides in turn with requests of each size; gives a line of the result for each. */
export async function compareHttp(
  scene: Scene,
  { ours, theirs, what, bars }: { ours: Side; theirs: Side; what: string; bars: Record<Size, number> },
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const size of Object.keys(SIZES) as Size[]) {
    const runs: { a: Measured; b: Measured }[] = [];
    await load(ours, size, 1);
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({ a: await load(ours, size, SECONDS), b: await load(theirs, size, SECONDS) });
      scene.say(`${size}: ${describe(runs.at(-1)?.a)} against ${describe(runs.at(-1)?.b)}`);
    }
    const a = medianOf(runs, (run) => run.a.perSecond);
    const b = medianOf(runs, (run) => run.b.perSecond);
    lines.push({
      what: `${what}, ${NAMES[size]}`,
      ours: `${thousands(a)}/s`,
      peer: `${thousands(b)}/s`,
      value: medianOf(runs, (run) => run.a.perSecond / run.b.perSecond),
      unit: '×',
      bar: { atLeast: bars[size] },
      note: `CPU a request ${thousands(medianOf(runs, (run) => run.a.cpuMicros))} µs against ${thousands(medianOf(runs, (run) => run.b.cpuMicros))} µs; ${CONNECTIONS} connections, no TLS on either side`,
      detail: { runs },
    });
  }
  return lines;
}

async function load(side: Side, size: string, seconds: number): Promise<Measured> {
  const before = cpuSeconds(side.pids);
  const rate = await wrk({
    port: side.port,
    path: `/${size}`,
    headers: side.headers,
    connections: CONNECTIONS,
    seconds,
  });
  return { ...rate, cpuMicros: ((cpuSeconds(side.pids) - before) / rate.requests) * 1e6 };
}

function describe(run: Measured | undefined): string {
  return run === undefined
    ? ''
    : `${thousands(run.perSecond)}/s (p99 ${run.p99}, ${thousands(run.cpuMicros)} µs)`;
}
