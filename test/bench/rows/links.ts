import { join } from 'node:path';
import { type RunningProgram, startScript } from '@porchlight/testkit';
import { sleep } from '../figures.ts';
import { collectGarbage, INSPECTABLE } from '../inspector.ts';
import { type BenchRelay, startRelay } from '../porchlight.ts';
import { residentBytes } from '../processes.ts';
import type { Row, Scene } from '../row.ts';

const HOLDERS = 4;
const LINKS_EACH = 500;
const LINKS = HOLDERS * LINKS_EACH;
/** All of them come from one address here, and belong to one account. */
const LIMITS = {
  PORCHLIGHT_LIMITS_MAX_DEVICES_PER_ACCOUNT: '100000',
  PORCHLIGHT_LIMITS_MAX_UNAUTHENTICATED_PER_ADDRESS: '10000',
};
const GIVE_UP_S = 120;

/** Memory of the relay for each idle link, and the return of all links after a crash. */
export const linksRow: Row = {
  name: 'links',
  what: `memory of ${LINKS} idle links, and their return after kill -9`,
  async run(scene) {
    const relay = await startRelay(scene, { ...LIMITS, ...INSPECTABLE });
    await collectGarbage(relay.program);
    const before = residentBytes(relay.program.pid);
    const holders = await hold(scene, relay);
    await allUp(holders, scene);
    await collectGarbage(relay.program);
    const after = residentBytes(relay.program.pid);
    scene.say(`relay ${(before / 1e6).toFixed(1)} MB, with ${LINKS} links ${(after / 1e6).toFixed(1)} MB`);
    // From now on the key alone must do: an agent that the relay has forgotten stays outside.
    for (const holder of holders) process.kill(holder.pid, 'SIGUSR2');
    const marks = holders.map((holder) => holder.lineCount);
    const killed = performance.now();
    await relay.crashAndRestart();
    const restarted = performance.now();
    await allUp(holders, scene, marks);
    const seconds = (performance.now() - killed) / 1000;
    return [
      {
        what: 'relay memory per idle link',
        ours: `${((after - before) / 1e6).toFixed(1)} MB in all`,
        value: (after - before) / LINKS / 1024,
        unit: 'KB',
        bar: { atMost: 40 },
        note: `resident memory with ${LINKS} links less without, garbage collected before each look`,
      },
      {
        what: `all of ${LINKS} agents back`,
        ours: `${LINKS} of ${LINKS} known`,
        value: seconds,
        unit: 's',
        bar: { atMost: 20 },
        note: `from kill -9; the relay itself was up again after ${((restarted - killed) / 1000).toFixed(1)} s`,
      },
    ];
  },
};

async function hold(scene: Scene, relay: BenchRelay): Promise<RunningProgram[]> {
  const made = await relay.api('POST', '/api/enrolment-tokens', { uses: LINKS });
  const facts = await relay.api('GET', '/.well-known/porchlight');
  const holders: RunningProgram[] = [];
  for (let i = 0; i < HOLDERS; i += 1) {
    const order = {
      port: relay.ports.ssh,
      origin: `http://localhost:${relay.ports.http}`,
      hostKey: hostKeyOf(facts),
      token: Reflect.get(made as object, 'token'),
      name: `box${i}`,
      links: LINKS_EACH,
    };
    holders.push(
      await scene.use(
        startScript(join(import.meta.dirname, '../programs/link-holder.ts'), [], {
          input: JSON.stringify(order),
        }),
        (it) => it.stop('SIGKILL'),
      ),
    );
  }
  return holders;
}

/** Resolves when each holder has said, behind its mark, that all its links were down or fewer, and then all up. */
async function allUp(
  holders: readonly RunningProgram[],
  scene: Scene,
  marks?: readonly number[],
): Promise<void> {
  const deadline = performance.now() + GIVE_UP_S * 1000;
  for (;;) {
    const states = holders.map((holder, at) => state(holder, marks?.[at] ?? 0));
    if (states.every(({ up, fell }) => up === LINKS_EACH && (marks === undefined || fell))) return;
    const why = states.find((one) => one.why !== '')?.why;
    if (performance.now() > deadline) {
      throw new Error(
        `only ${states.map(({ up }) => up).join(' + ')} links are up: ${why ?? 'no reason given'}`,
      );
    }
    await sleep(100);
    if (Math.random() < 0.02) scene.say(`${states.map(({ up }) => up).join(' + ')} links up`);
  }
}

function state(holder: RunningProgram, mark: number): { up: number; fell: boolean; why: string } {
  const all = holder.lines
    .filter((line) => line.startsWith('{"up"'))
    .map((line) => JSON.parse(line) as { up: number; why: string });
  const since = all.slice(Math.min(mark, all.length));
  const last = all.at(-1);
  return { up: last?.up ?? 0, fell: since.some(({ up }) => up < LINKS_EACH), why: last?.why ?? '' };
}

function hostKeyOf(facts: unknown): string {
  const found = /SHA256:[A-Za-z0-9+/]{43}/.exec(JSON.stringify(facts))?.[0];
  if (found === undefined) throw new Error(`the relay does not say its host key: ${JSON.stringify(facts)}`);
  return found;
}
