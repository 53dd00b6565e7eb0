import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startScript } from '@porchlight/testkit';
import { median, medianOf, sleep } from '../figures.ts';
import { startOrigin } from '../peers/nginx.ts';
import { type BenchRelay, DOMAIN, startPorchlight } from '../porchlight.ts';
import type { Row, Scene } from '../row.ts';
import { openTimedRequests } from '../timed-requests.ts';

const REQUESTS = 300;
const ROUNDS = 7;
/** A poll of 10 ms each: fewer do. */
const POLLED = 60;
/** Until the engine has compiled what is used often. */
const WARM_UP = 3_000;

/** How much longer a request takes over MQTT than to the origin itself, one at a time. */
export const rpcRow: Row = {
  name: 'rpc',
  what: 'HTTP over MQTT, one request at a time, against direct',
  async run(scene) {
    const origin = await startOrigin(scene);
    const at = `http://127.0.0.1:${origin.port}`;
    const us = await startPorchlight(scene, { services: { web: at }, viaMqtt: true });
    const polled = await startPolling(scene, us.relay, at);
    const to = (port: number, host: string, cookie: string) => openTimedRequests({ port, host, cookie });
    const { http } = us.relay.ports;
    const ask = await scene.use(to(http, us.host, us.cookie), (it) => it.close());
    const polling = await scene.use(to(http, polled.host, polled.cookie), (it) => it.close());
    const direct = await scene.use(to(origin.port, us.host, us.cookie), (it) => it.close());
    await ask.times(WARM_UP);
    const runs: { direct: number; ours: number; polled: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({
        direct: median(await direct.times(REQUESTS)),
        ours: median(await ask.times(REQUESTS)),
        polled: median(await polling.times(POLLED)),
      });
    }
    const original = medianOf(runs, (run) => run.polled - run.direct);
    return [
      {
        what: 'HTTP over MQTT, beyond direct',
        ours: `${medianOf(runs, (run) => run.ours).toFixed(3)} ms`,
        peer: `${medianOf(runs, (run) => run.direct).toFixed(3)} ms`,
        value: medianOf(runs, (run) => run.ours - run.direct),
        unit: 'ms',
        bar: { atMost: 3 },
        note: `medians; a client that looks every 10 ms, as the original one, adds ${original.toFixed(3)} ms`,
        detail: { runs },
      },
    ];
  },
};

/** A second device, in the way of the original client, with its service open to the same person. */
async function startPolling(
  scene: Scene,
  relay: BenchRelay,
  origin: string,
): Promise<{ host: string; cookie: string }> {
  const key = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), randomBytes(32)]);
  const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
  const { id } = (await relay.api('POST', '/api/devices', { name: 'poller', publicKey })) as { id: string };
  const made = await relay.api('POST', `/api/devices/${id}/mqtt-credentials`, { name: 'bench' });
  const { password } = made as { password: string };
  const program = join(import.meta.dirname, '../programs/polling-client.ts');
  const url = `mqtt://127.0.0.1:${relay.ports.mqtt}`;
  await scene.use(startScript(program, [url, 'poller', password, origin]), (it) => it.stop());
  for (;;) {
    const { services } = (await relay.api('GET', `/api/devices/${id}`)) as {
      services: { offered: boolean }[];
    };
    if (services[0]?.offered === true) break;
    await sleep(50);
  }
  const host = `web--poller.${DOMAIN}:${relay.ports.http}`;
  return { host, cookie: await relay.signOn(host) };
}
