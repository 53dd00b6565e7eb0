import { medianOf, thousands } from '../figures.ts';
import { SIZES, startFront, startOrigin } from '../peers/nginx.ts';
import { startOpenSsh } from '../peers/openssh.ts';
import { startPorchlight } from '../porchlight.ts';
import { cpuSeconds } from '../processes.ts';
import type { Line, Row } from '../row.ts';
import { type Rate, wrk } from '../wrk.ts';

const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 5;
/** From the table "Numbers to reach". */
const BARS = { small: 0.7, '10k': 8, '100k': 3 } as const;
const NAMES = { small: 'HTTP, ~100 B', '10k': 'HTTP, 10 kB', '100k': 'HTTP, 100 kB' } as const;

interface Side {
  readonly pids: readonly number[];
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

type Measured = Rate & { readonly cpuMicros: number };

/** Requests through the tunnel, sign-on and policy in force, against nginx → `ssh -R`, which checks nothing. */
export const httpRow: Row = {
  name: 'http',
  what: 'HTTP through the tunnel against nginx → ssh -R',
  async run(scene) {
    const origin = await startOrigin(scene);
    const openssh = await startOpenSsh(scene, new Map([['web', origin.port]]));
    const front = await startFront(scene, openssh.ports.get('web') ?? 0);
    const us = await startPorchlight(scene, { services: { web: `http://127.0.0.1:${origin.port}` } });
    const ours: Side = {
      pids: us.programs.map(({ pid }) => pid),
      port: us.relay.ports.http,
      headers: { Host: us.host, Cookie: us.cookie },
    };
    const theirs: Side = {
      pids: [front.program, ...openssh.programs].map(({ pid }) => pid),
      port: front.port,
      headers: { Cookie: us.cookie },
    };
    const lines: Line[] = [];
    for (const size of sizes()) {
      const runs: { a: Measured; b: Measured }[] = [];
      await load(ours, size, 1);
      for (let round = 0; round < ROUNDS; round += 1) {
        runs.push({ a: await load(ours, size, SECONDS), b: await load(theirs, size, SECONDS) });
        scene.say(`${size}: ${describe(runs.at(-1)?.a)} against ${describe(runs.at(-1)?.b)}`);
      }
      const a = medianOf(runs, (run) => run.a.perSecond);
      const b = medianOf(runs, (run) => run.b.perSecond);
      lines.push({
        what: NAMES[size],
        ours: `${thousands(a)}/s`,
        peer: `${thousands(b)}/s`,
        value: medianOf(runs, (run) => run.a.perSecond / run.b.perSecond),
        unit: '×',
        bar: { atLeast: BARS[size] },
        note: `CPU a request ${thousands(medianOf(runs, (run) => run.a.cpuMicros))} µs against ${thousands(medianOf(runs, (run) => run.b.cpuMicros))} µs; ${CONNECTIONS} connections, no TLS on either side`,
        detail: { runs },
      });
    }
    return lines;
  },
};

function sizes(): (keyof typeof SIZES)[] {
  return Object.keys(SIZES) as (keyof typeof SIZES)[];
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
