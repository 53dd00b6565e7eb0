import { existsSync } from 'node:fs';
import { runProgram } from '@porchlight/testkit';
import type { Scene } from './row.ts';

export interface ThrottledHome {
  readonly netns: string;
  /** Our end of the cable. */
  readonly outside: string;
}

/**
 * A home behind a slow uplink: a network namespace at the end of a virtual cable, on which `tc tbf` lets so much out
 * and queues the rest for up to 300 ms, as routers do. Needs root. Taken down with the scene.
 */
export async function openThrottledHome(scene: Scene, uplink: string): Promise<ThrottledHome> {
  const netns = `plbench${process.pid}`;
  const [ours, theirs] = [`plb${process.pid}a`, `plb${process.pid}b`];
  const net = `10.231.${process.pid % 250}`;
  await removeLeftovers();
  await ip(['netns', 'add', netns]);
  await scene.use(netns, (name) => ip(['netns', 'del', name]));
  await ip(['link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', netns]);
  await scene.use(ours, (name) => runProgram('ip', ['link', 'del', name]));
  await ip(['addr', 'add', `${net}.1/30`, 'dev', ours]);
  await ip(['link', 'set', ours, 'up']);
  await ip(['-n', netns, 'addr', 'add', `${net}.2/30`, 'dev', theirs]);
  for (const link of ['lo', theirs]) await ip(['-n', netns, 'link', 'set', link, 'up']);
  const shape = ['root', 'tbf', 'rate', uplink, 'burst', '5kb', 'latency', '300ms'];
  await run('tc', ['-n', netns, 'qdisc', 'add', 'dev', theirs, ...shape]);
  return { netns, outside: `${net}.1` };
}

/** A bench that was killed outright could not take its home down. The cable goes with it. */
async function removeLeftovers(): Promise<void> {
  const { stdout } = await runProgram('ip', ['netns', 'list']);
  for (const [name, pid] of stdout.matchAll(/^plbench(\d+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) await ip(['netns', 'del', name]);
  }
}

function ip(args: readonly string[]): Promise<void> {
  return run('ip', args);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args);
  if (code !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${stderr} (this row needs root and iproute2)`);
}
