import { join } from 'node:path';
import { loadConfig, openRelayData } from '@porchlight/relay';
import { type RunningProgram, startScript } from '@porchlight/testkit';
import { medianOf, sleep } from '../figures.ts';
import { collectGarbage, INSPECTABLE } from '../inspector.ts';
import { startMosquitto } from '../peers/mosquitto.ts';
import { type BenchRelay, startRelay } from '../porchlight.ts';
import { residentBytes } from '../processes.ts';
import type { Row, Scene } from '../row.ts';

const DEVICES = 5_000;
const HOLDERS = 4;
/** Those that send: each may publish a thousand messages a second, which must not be what is measured. */
const SENDERS = 100;
const ROUNDS = 3;
const WARM_UP_MS = 1_000;
const ROUND_MS = 3_000;
const GIVE_UP_S = 180;
/** All of them come from one address here, and belong to one account. */
const LIMITS = {
  PORCHLIGHT_LIMITS_MAX_DEVICES_PER_ACCOUNT: '100000',
  PORCHLIGHT_LIMITS_MAX_UNAUTHENTICATED_PER_ADDRESS: '10000',
};

interface Client {
  readonly user: string;
  readonly password: string;
}

/** The broker: memory for each idle device, and messages a second from publisher to subscriber beside mosquitto. */
export const mqttRow: Row = {
  name: 'mqtt',
  what: `memory of ${DEVICES} idle MQTT devices, and messages a second against mosquitto`,
  async run(scene) {
    const relay = await startRelay(scene, { ...LIMITS, ...INSPECTABLE });
    const clients = await enrol(relay, DEVICES);
    scene.say(`${clients.length} devices enrolled`);
    await collectGarbage(relay.program);
    const before = residentBytes(relay.program.pid);
    const holders = await hold(scene, relay, clients);
    await allUp(holders, scene);
    await collectGarbage(relay.program);
    const after = residentBytes(relay.program.pid);
    scene.say(`relay ${(before / 1e6).toFixed(1)} MB, with them ${(after / 1e6).toFixed(1)} MB`);
    for (const holder of holders) await holder.stop('SIGKILL');
    const peer = await startMosquitto(scene);
    const senders = clients.slice(0, SENDERS);
    const runs: Record<'ours0' | 'peer0' | 'ours1' | 'peer1', number>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      runs.push({
        ours0: await load(scene, relay.ports.mqtt, senders, 0),
        peer0: await load(scene, peer.port, senders, 0),
        ours1: await load(scene, relay.ports.mqtt, senders, 1),
        peer1: await load(scene, peer.port, senders, 1),
      });
    }
    const line = (qos: 0 | 1, atLeast: number) => ({
      what: `MQTT messages a second, QoS ${qos}`,
      ours: `${medianOf(runs, (run) => run[`ours${qos}`])}/s`,
      peer: `${medianOf(runs, (run) => run[`peer${qos}`])}/s`,
      value: medianOf(runs, (run) => run[`ours${qos}`] / run[`peer${qos}`]),
      unit: '× mosquitto',
      bar: { atLeast },
      note: `${SENDERS} devices, each from one connection to another of its own, 100 bytes, 16 on their way`,
      detail: { runs },
    });
    return [
      {
        what: 'relay memory per idle MQTT device',
        ours: `${((after - before) / 1e6).toFixed(1)} MB in all`,
        value: (after - before) / DEVICES / 1024,
        unit: 'KB',
        bar: { atMost: 25 },
        note: `resident memory with ${DEVICES} connected and subscribed less without, garbage collected before each look`,
      },
      line(0, 0.2),
      line(1, 0.2),
    ];
  },
};

/** Makes devices that speak only MQTT, beside the running relay. */
async function enrol(relay: BenchRelay, count: number): Promise<Client[]> {
  const { config } = loadConfig({ options: { data: relay.data }, env: LIMITS });
  const records = await openRelayData(config);
  try {
    const clients: Client[] = [];
    for (let n = 0; n < count; n += 1) {
      const { name: user } = await records.devices.enrolWithoutKey('bench', { name: `d${n}`, tags: [] });
      const { password } = await records.mqttCredentials.make(user);
      clients.push({ user, password });
    }
    return clients;
  } finally {
    await records.close();
  }
}

async function hold(scene: Scene, relay: BenchRelay, clients: readonly Client[]): Promise<RunningProgram[]> {
  const holders: RunningProgram[] = [];
  const each = DEVICES / HOLDERS;
  for (let n = 0; n < HOLDERS; n += 1) {
    const order = { port: relay.ports.mqtt, clients: clients.slice(n * each, (n + 1) * each) };
    const program = startScript(join(import.meta.dirname, '../programs/mqtt-holder.ts'), [], {
      input: JSON.stringify(order),
    });
    holders.push(await scene.use(program, (it) => it.stop('SIGKILL')));
  }
  return holders;
}

async function allUp(holders: readonly RunningProgram[], scene: Scene): Promise<void> {
  const deadline = performance.now() + GIVE_UP_S * 1000;
  for (;;) {
    const up = holders.map(({ lines }) => Number(/\d+/.exec(lines.at(-1) ?? '')?.[0] ?? 0));
    if (up.every((one) => one === DEVICES / HOLDERS)) return;
    if (performance.now() > deadline) {
      throw new Error(
        `only ${up.join(' + ')} are up: ${holders.map(({ lines }) => lines.at(-1)).join('; ')}`,
      );
    }
    await sleep(100);
    if (Math.random() < 0.02) scene.say(`${up.join(' + ')} devices up`);
  }
}

async function load(scene: Scene, port: number, clients: readonly Client[], qos: 0 | 1): Promise<number> {
  const order = { port, clients, qos, warmUpMs: WARM_UP_MS, ms: ROUND_MS };
  const program = startScript(join(import.meta.dirname, '../programs/mqtt-load.ts'), [], {
    input: JSON.stringify(order),
  });
  await scene.use(program, (it) => it.stop('SIGKILL'));
  return Number((await program.json((line) => typeof line['perSecond'] === 'number'))['perSecond']);
}
