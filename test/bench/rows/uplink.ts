import http from 'node:http';
import { percentile, sleep } from '../figures.ts';
import { openLineProxy } from '../line-proxy.ts';
import { openThrottledHome } from '../network.ts';
import { startOrigin } from '../peers/nginx.ts';
import { DOMAIN, startDevice, startRelay } from '../porchlight.ts';
import type { Row } from '../row.ts';
import { openTimedRequests, type TimedRequests } from '../timed-requests.ts';

const UPLINK = '2mbit';
/** Each way, as on a DSL line: with none at all, one full packet alone would be six times an idle request. */
const DELAY_MS = 20;
const SECONDS = 20;
const GAP_MS = 20;
/** The transfer fills the line before anything is measured. */
const FILL_MS = 4_000;

/** Small requests beside a download that fills a home's uplink. */
export const uplinkRow: Row = {
  name: 'uplink',
  what: `small requests beside a transfer that fills a ${UPLINK} uplink with ${2 * DELAY_MS} ms round trip`,
  async run(scene) {
    const home = await openThrottledHome(scene, UPLINK);
    const origin = await startOrigin(scene, { netns: home.netns });
    const relay = await startRelay(scene);
    const line = await scene.use(
      openLineProxy({ host: home.outside, target: relay.ports.ssh, delayMs: DELAY_MS }),
      (it) => it.close(),
    );
    await startDevice(scene, relay, {
      services: { web: `http://127.0.0.1:${origin.port}` },
      netns: home.netns,
      ssh: `${home.outside}:${line.port}`,
    });
    const host = `web--box.${DOMAIN}:${relay.ports.http}`;
    const to = { port: relay.ports.http, host, cookie: await relay.signOn(host) };
    const ask = await scene.use(openTimedRequests(to), (it) => it.close());
    await ask.times(20);
    const idle = await measure(ask);
    const transfer = await scene.use(download(to), (it) => it.destroy());
    await sleep(FILL_MS);
    const from = transfer.bytes();
    const loaded = await measure(ask);
    const rate = ((transfer.bytes() - from) * 8) / SECONDS / 1e6;
    const [before, beside] = [percentile(idle, 0.95), percentile(loaded, 0.95)];
    return [
      {
        what: 'small request p95, uplink full',
        ours: `${beside.toFixed(1)} ms`,
        peer: `${before.toFixed(1)} ms`,
        value: beside / before,
        unit: '×',
        bar: { atMost: 3 },
        note: `median ${percentile(loaded, 0.5).toFixed(1)} ms against ${percentile(idle, 0.5).toFixed(1)} ms, worst ${Math.max(...loaded).toFixed(0)} ms; the transfer got ${rate.toFixed(2)} of ${UPLINK}`,
        detail: { idle, loaded },
      },
    ];
  },
};

async function measure(ask: TimedRequests): Promise<number[]> {
  const taken: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    taken.push(await ask.one());
    await sleep(GAP_MS);
  }
  return taken;
}

/** Reads `/big` as fast as it comes. */
function download(to: { port: number; host: string; cookie: string }) {
  let bytes = 0;
  const request = http.get({
    host: '127.0.0.1',
    port: to.port,
    path: '/big',
    agent: false,
    headers: { host: to.host, cookie: to.cookie },
  });
  request.on('response', (answer) => answer.on('data', (chunk: Buffer) => (bytes += chunk.length)));
  // Ended by us.
  request.on('error', () => undefined);
  return { bytes: () => bytes, destroy: () => request.destroy() };
}
