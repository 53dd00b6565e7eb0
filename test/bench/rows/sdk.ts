import { join } from 'node:path';
import { Client } from '@porchlight/client';
import { findLoopbackNames } from '@porchlight/client/node';
import { startPorchlight, startScript } from '@porchlight/testkit';
import { bundleSize, SIZES } from '../../../scripts/client-package/build.ts';
import { compareBulk } from '../bulk-load.ts';
import { medianOf, thousands } from '../figures.ts';
import { startOrigin } from '../peers/nginx.ts';
import { startStream } from '../peers/stream.ts';
import { DOMAIN, startDevice, startRelay } from '../porchlight.ts';
import type { Line, Row, Scene } from '../row.ts';
import { wrk } from '../wrk.ts';

const ROUNDS = 11;
const FORWARD_ROUNDS = 5;
const SECONDS = 1;
/** Requests on their way at the same time. */
const AT_ONCE = 32;
const ROOT = join(import.meta.dirname, '../../..');
/** Largest bundle of each program, in KB gzipped: what a page can spare. */
const KB_MAX = 16;

/** What the client library costs: a request, a byte, and the size of a page that uses it. */
export const sdkRow: Row = {
  name: 'sdk',
  what: 'the client library: fetch against plain fetch, TCP against a forward, sizes',
  async run(scene) {
    findLoopbackNames();
    const [origin, stream] = [await startOrigin(scene), await startStream(scene)];
    const relay = await startRelay(scene);
    const device = await startDevice(scene, relay, {
      services: {
        web: `http://127.0.0.1:${origin.port}`,
        pages: `tcp://127.0.0.1:${origin.port}`,
        stream: `tcp://127.0.0.1:${stream}`,
      },
    });
    const made = await relay.api('POST', '/api/me/access-tokens', { name: 'bench' });
    const token = String(Reflect.get(made as object, 'token'));
    const url = `http://${DOMAIN}:${relay.ports.http}`;
    const requests = await compareFetch(scene, url, token);
    const forward = await relay.api('POST', `/api/devices/${device.id}/forwards`, { service: 'stream' });
    const program = await scene.use(
      startScript(join(import.meta.dirname, '../programs/sdk-forward.ts'), [url, token, 'box', 'stream']),
      (it) => it.stop(),
    );
    const ours = Number((await program.json((line) => 'port' in line))['port']);
    const theirs = Number(Reflect.get(forward as object, 'port'));
    const what = 'TCP through the client library';
    const pages = await relay.api('POST', `/api/devices/${device.id}/forwards`, { service: 'pages' });
    const command = await scene.use(
      startPorchlight(['forward', 'box', 'pages', '--relay', url, '--json'], {
        env: { PORCHLIGHT_TOKEN: token },
      }),
      (it) => it.stop(),
    );
    const { local } = await command.json((line) => 'local' in line);
    return [
      requests,
      await compareForward(scene, {
        ours: Number(String(local).split(':').at(-1)),
        theirs: Number(Reflect.get(pages as object, 'port')),
      }),
      ...(await compareBulk(scene, { what, ours, theirs, atLeast: 0.25 })),
      ...(await sizes()),
    ];
  },
};

async function compareFetch(scene: Scene, url: string, token: string): Promise<Line> {
  const web = new Client({ relay: url, token, lan: 'never' }).device('box').service('web');
  const direct = `${new URL((await web.info()).url ?? '').origin}/small`;
  const headers = { authorization: `Bearer ${token}` };
  const ours = () => web.fetch('/small');
  const theirs = () => fetch(direct, { headers });
  await perSecond(theirs, 1);
  const runs: { a: number; b: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.push({ a: await perSecond(ours, SECONDS), b: await perSecond(theirs, SECONDS) });
    scene.say(`${thousands(runs.at(-1)?.a ?? 0)}/s against ${thousands(runs.at(-1)?.b ?? 0)}/s`);
  }
  return {
    what: 'fetch of the client library, ~100 B',
    ours: `${thousands(medianOf(runs, (run) => run.a))}/s`,
    peer: `${thousands(medianOf(runs, (run) => run.b))}/s`,
    value: medianOf(runs, (run) => run.a / run.b),
    unit: '×',
    bar: { atLeast: 0.8 },
    note: `against plain fetch of the same address with the same token; ${AT_ONCE} at once, one process asks`,
    detail: { runs },
  };
}

/** Requests to a local port of `porchlight forward`, against a port that the relay opens itself. */
async function compareForward(
  scene: Scene,
  { ours, theirs }: { ours: number; theirs: number },
): Promise<Line> {
  const load = (port: number) =>
    wrk({ port, path: '/small', headers: {}, connections: AT_ONCE, seconds: SECONDS });
  const runs: { a: number; b: number }[] = [];
  for (let round = 0; round < FORWARD_ROUNDS; round += 1) {
    runs.push({ a: (await load(ours)).perSecond, b: (await load(theirs)).perSecond });
    scene.say(`${thousands(runs.at(-1)?.a ?? 0)}/s against ${thousands(runs.at(-1)?.b ?? 0)}/s`);
  }
  return {
    what: 'requests through "porchlight forward", ~100 B',
    ours: `${thousands(medianOf(runs, (run) => run.a))}/s`,
    peer: `${thousands(medianOf(runs, (run) => run.b))}/s`,
    value: medianOf(runs, (run) => run.a / run.b),
    unit: '×',
    bar: { atLeast: 0.25 },
    note: `against a TCP port of the relay to the same service; ${AT_ONCE} connections`,
    detail: { runs },
  };
}

async function perSecond(ask: () => Promise<Response>, seconds: number): Promise<number> {
  const from = performance.now();
  const until = from + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < until) {
        const answer = await ask();
        if (!answer.ok) throw new Error(`answered with ${answer.status}`);
        await answer.arrayBuffer();
        answered += 1;
      }
    }),
  );
  return answered / ((performance.now() - from) / 1000);
}

async function sizes(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [name, program] of SIZES) {
    const kilobytes = (await bundleSize(ROOT, program)) / 1024;
    lines.push({
      what: `client library, ${name}`,
      ours: `${kilobytes.toFixed(1)} KB`,
      value: kilobytes,
      unit: ' KB',
      bar: { atMost: KB_MAX },
      note: 'minified, gzipped',
    });
  }
  return lines;
}
