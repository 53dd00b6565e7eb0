import { readdir } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { startScript } from '@porchlight/testkit';
import { medianOf, sleep, thousands } from '../figures.ts';
import { type LineProxy, openLineProxy } from '../line-proxy.ts';
import { openThrottledHome } from '../network.ts';
import { type BenchRelay, DOMAIN, startDevice, startRelay } from '../porchlight.ts';
import type { Line, Row, Scene } from '../row.ts';

const UPLINK = '1mbit';
/** Each way, as on a DSL line. */
const DELAY_MS = 20;
const ROUNDS = 3;
/** As browsers open to one host. */
const CONNECTIONS = 6;
/** A day of one feed as the page draws it. */
const [SPAN_MS, INTERVAL] = [24 * 3600_000, 120] as const;
const DASHBOARD = join(import.meta.dirname, '../../../packages/dashboard/dist');
const PROGRAMS = join(import.meta.dirname, '../programs');

/** What a page costs: bytes that the home sent, and ms until all is there. */
interface Cost {
  readonly bytes: number;
  readonly ms: number;
}

/** Opening the list of feeds and one graph, where only data cross the home's uplink, and where all of it does. */
export const emoncmsRow: Row = {
  name: 'emoncms',
  what: `feeds and a graph of an emoncms behind a ${UPLINK} uplink with ${2 * DELAY_MS} ms round trip`,
  async run(scene) {
    const home = await openThrottledHome(scene, UPLINK);
    const emoncms = startScript(join(PROGRAMS, 'home-emoncms.ts'), [DASHBOARD], { netns: home.netns });
    await scene.use(emoncms, (it) => it.stop());
    const { port } = await emoncms.json((line) => 'port' in line);
    const local = `http://127.0.0.1:${String(port)}`;
    const relay = await startRelay(scene);
    const line = await scene.use(
      openLineProxy({ host: home.outside, target: relay.ports.ssh, delayMs: DELAY_MS }),
      (it) => it.close(),
    );
    const ssh = `${home.outside}:${line.port}`;
    const device = await startDevice(scene, relay, { services: { emoncms: local }, netns: home.netns, ssh });
    const original = await startOriginal(scene, relay, { ...home, local });
    const files = await pageFiles();

    const host = `emoncms--box.${DOMAIN}:${relay.ports.http}`;
    const wholly = await opener(scene, relay, host, await relay.signOn(host));
    const console = await opener(scene, relay, `${DOMAIN}:${relay.ports.http}`, '');
    const loadPages = async (get: Get): Promise<void> => {
      await get('/index.html');
      await Promise.all(files.map((file) => get(file)));
    };
    const data = (id: string, start: number, end: number) =>
      relay.api('GET', `/api/devices/${id}/services/emoncms/emoncms/feeds/1/data?${range(start, end)}`);
    const view = async (id: string): Promise<void> => {
      await loadPages(console.get);
      const end = Date.now();
      await relay.api('GET', `/api/devices/${id}/services/emoncms/emoncms/feeds`);
      await data(id, end - SPAN_MS, end);
    };
    const allOfIt = async (): Promise<void> => {
      await loadPages(wholly.get);
      const end = Date.now();
      await wholly.get('/feed/list.json');
      await wholly.get(`/feed/data.json?id=1&${range(end - SPAN_MS, end)}`);
    };
    const runs: { ours: Cost; original: Cost; whole: Cost }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({
        ours: await costOf(line, () => view(device.id)),
        original: await costOf(original.line, () => view(original.id)),
        whole: await costOf(line, allOfIt),
      });
      for (const { forget } of [wholly, console]) forget();
    }
    scene.say(`${files.length + 1} files of the page, packed`);
    return lines(runs);
  },
};

function lines(runs: readonly { ours: Cost; original: Cost; whole: Cost }[]): Line[] {
  const [ours, original, whole] = (['ours', 'original', 'whole'] as const).map((name) => ({
    bytes: medianOf(runs, (run) => run[name].bytes),
    ms: medianOf(runs, (run) => run[name].ms),
  })) as [Cost, Cost, Cost];
  const base = { unit: '×', detail: { runs } } as const;
  return [
    {
      ...base,
      what: 'emoncms list and graph, bytes up',
      ours: thousands(ours.bytes),
      peer: thousands(whole.bytes),
      value: ours.bytes / whole.bytes,
      bar: { atMost: 0.2 },
      note: `peer: the same built pages and the same data from a web server at home, packed, nothing cached; with the original client's messages ours are ${thousands(original.bytes)}`,
    },
    {
      ...base,
      what: 'emoncms list and graph, time',
      ours: `${thousands(ours.ms)} ms`,
      peer: `${thousands(whole.ms)} ms`,
      value: ours.ms / whole.ms,
      bar: { atMost: 0.3 },
      note: `on a ${UPLINK} uplink, ${CONNECTIONS} connections; with the original client ${thousands(original.ms)} ms`,
    },
  ];
}

/** A second home on the same uplink, which has an original client and no agent. */
async function startOriginal(
  scene: Scene,
  relay: BenchRelay,
  home: { readonly netns: string; readonly outside: string; readonly local: string },
): Promise<{ id: string; line: LineProxy }> {
  const line = await scene.use(
    openLineProxy({ host: home.outside, target: relay.ports.mqtt, delayMs: DELAY_MS }),
    (it) => it.close(),
  );
  const made = await relay.api('POST', '/api/me/app-passwords', { name: 'bench' });
  const { username, password } = made as { username: string; password: string };
  const args = [`mqtt://${home.outside}:${line.port}`, username, password, home.local];
  const program = join(PROGRAMS, 'original-client.ts');
  await scene.use(startScript(program, args, { netns: home.netns }), (it) => it.stop());
  for (;;) {
    const { items } = (await relay.api('GET', '/api/devices?search=bench-home')) as {
      items: { id: string; services: { offered: boolean }[] }[];
    };
    const [device] = items;
    if (device?.services[0]?.offered === true) return { id: device.id, line };
    await sleep(50);
  }
}

async function costOf(line: LineProxy, open: () => Promise<void>): Promise<Cost> {
  const before = line.up.bytes;
  const started = performance.now();
  await open();
  return { ms: performance.now() - started, bytes: line.up.bytes - before };
}

/** What the page of the feeds loads: all but the terminal. */
async function pageFiles(): Promise<string[]> {
  const built = await readdir(join(DASHBOARD, 'assets'));
  const files = built.filter((name) => !name.startsWith('terminal'));
  if (files.length < 4) throw new Error('the dashboard is not built: node scripts/run.mjs build');
  return ['/theme.js', '/favicon.svg', ...files.map((name) => `/assets/${name}`)];
}

type Get = (path: string) => Promise<void>;

/** Requests as a browser makes them; `forget` closes its connections, so that the next load begins anew. */
async function opener(
  scene: Scene,
  relay: BenchRelay,
  host: string,
  cookie: string,
): Promise<{ get: Get; forget: () => void }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  await scene.use(agent, (it) => it.destroy());
  const get: Get = (path) =>
    new Promise((resolve, reject) => {
      const headers = { host, cookie, 'accept-encoding': 'gzip' };
      const wish = { agent, host: '127.0.0.1', port: relay.ports.http, path, headers };
      const request = http.get(wish, (answer) => {
        answer.on('error', reject);
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${host}${path}: ${answer.statusCode}`));
        });
      });
      request.on('error', reject);
    });
  return { get, forget: () => agent.destroy() };
}

function range(start: number, end: number): string {
  return `start=${start}&end=${end}&interval=${INTERVAL}`;
}
