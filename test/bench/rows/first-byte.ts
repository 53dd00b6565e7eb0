import { median, medianOf } from '../figures.ts';
import { startFront, startOrigin } from '../peers/nginx.ts';
import { startOpenSsh } from '../peers/openssh.ts';
import { startPorchlight } from '../porchlight.ts';
import type { Row } from '../row.ts';
import { openTimedRequests } from '../timed-requests.ts';

const REQUESTS = 300;
const ROUNDS = 7;
/** Until the engine has compiled what is used often. */
const WARM_UP = 3_000;

/** How much later the first byte comes than from the origin itself, one request at a time. */
export const firstByteRow: Row = {
  name: 'first-byte',
  what: 'first byte, one request at a time, against direct',
  async run(scene) {
    const origin = await startOrigin(scene);
    const openssh = await startOpenSsh(scene, new Map([['web', origin.port]]));
    const front = await startFront(scene, openssh.ports.get('web') ?? 0);
    const us = await startPorchlight(scene, { services: { web: `http://127.0.0.1:${origin.port}` } });
    const to = (port: number) => openTimedRequests({ port, host: us.host, cookie: us.cookie });
    const ask = await scene.use(to(us.relay.ports.http), (it) => it.close());
    const peer = await scene.use(to(front.port), (it) => it.close());
    const direct = await scene.use(to(origin.port), (it) => it.close());
    await ask.times(WARM_UP);
    const runs: { direct: number; ours: number; peer: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({
        direct: median(await direct.times(REQUESTS)),
        ours: median(await ask.times(REQUESTS)),
        peer: median(await peer.times(REQUESTS)),
      });
    }
    const added = medianOf(runs, (run) => run.ours - run.direct);
    return [
      {
        what: 'first byte, beyond direct',
        ours: `${medianOf(runs, (run) => run.ours).toFixed(3)} ms`,
        peer: `${medianOf(runs, (run) => run.direct).toFixed(3)} ms`,
        value: added,
        unit: 'ms',
        bar: { atMost: 0.5 },
        note: `medians; nginx → ssh -R adds ${medianOf(runs, (run) => run.peer - run.direct).toFixed(3)} ms`,
        detail: { runs },
      },
    ];
  },
};
