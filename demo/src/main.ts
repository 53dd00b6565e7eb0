import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { AgentConfigFile, joinRelay, silentLogger, startAgent } from '@porchlight/agent';
import { builtFiles, createLogger, loadConfig, type Relay, startRelay } from '@porchlight/relay';
import { startDemoHome } from './home.ts';
import { type SensorWish, startSensor } from './sensor/index.ts';

/** Account of the demo; its password is made anew each time: the one-time link signs in. */
const OWNER = 'you';
const LINK_LIFE_MS = 12 * 3600_000;
/** A sensor asks and measures so often. */
const SENSOR_MS = 5_000;

/**
 * `npm start`: a relay, an agent that joined it with a token, and the demo home's programs, all on loopback. With
 * PORCHLIGHT_DATA the data are kept, otherwise they are thrown away at the end.
 */
async function main(): Promise<void> {
  const stop = new Promise<void>((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
  });
  const kept = process.env['PORCHLIGHT_DATA'];
  const folder = kept ?? (await mkdtemp(joinPath(tmpdir(), 'porchlight-demo-')));
  const ends: (() => unknown)[] =
    kept === undefined ? [() => rm(folder, { recursive: true, force: true })] : [];
  try {
    const { url, baseStation } = await start(folder, ends);
    console.log(`\n  Porchlight is running, with a demo home behind it.\n\n  Open  ${url}\n`);
    console.log(
      `  The link signs you in once. ${kept === undefined ? 'Everything is forgotten' : `Data are kept in ${folder}`}; Ctrl-C stops it.\n`,
    );
    const sensor = startSensor({
      ...{ baseStation, name: 'living-room', everyMs: SENSOR_MS, key: await sensorKey(folder) },
      show: (state) => console.log(`  ${sensorWords(state)}`),
    });
    ends.push(() => sensor.close());
    await stop;
    console.log('stopping …');
  } finally {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  }
}

async function start(
  folder: string,
  ends: (() => unknown)[],
): Promise<{ readonly url: string; readonly baseStation: string }> {
  const home = await startDemoHome();
  ends.push(() => home.close());
  const { config } = loadConfig({
    options: { data: joinPath(folder, 'relay'), domain: 'localhost', ...(await ports()) },
    env: {},
  });
  await mkdir(folder, { recursive: true });
  const relay = await startRelay({
    config,
    ...builtFiles(),
    logger: createLogger({ format: 'text', level: 'warn' }),
  });
  ends.push(() => relay.close());
  const owner = await ownerOf(relay);
  const agentFolder = joinPath(folder, 'home');
  await join(agentFolder, relay, owner.id);
  await writeFile(joinPath(agentFolder, 'policy'), home.policy, { mode: 0o600 });
  await writeFile(joinPath(agentFolder, 'secrets'), home.secrets, { mode: 0o600 });
  const file = new AgentConfigFile(agentFolder);
  for (const { name, target } of home.programs) await file.expose(name, { target });
  // What the WiFi devices of the house ask; for them alone, so on loopback here.
  await file.setBaseStation({
    http: `127.0.0.1:${await freeOr0(8095)}`,
    ...{ mqtt: 'off', mqtts: '127.0.0.1:0', emonesp: false, passOn: true },
  });
  const up = Promise.withResolvers<void>();
  const agent = await startAgent({
    dataFolder: agentFolder,
    environment: {},
    logger: silentLogger,
    onPhase: ({ kind }) => kind === 'up' && up.resolve(),
  });
  ends.push(() => agent.close());
  await up.promise;
  const { station, problem } = agent.baseStation;
  if (station?.httpPort === undefined) throw new Error(problem ?? 'the base station did not open');
  return {
    url: relay.signInUrl(owner.id, LINK_LIFE_MS),
    baseStation: `http://127.0.0.1:${station.httpPort}`,
  };
}

/** What the sensor's small display says. */
function sensorWords(state: Parameters<SensorWish['show']>[0]): string {
  switch (state.kind) {
    case 'code':
      return `A WiFi sensor asks to be let in. It shows ${state.code}: see "Join requests", and press Allow.`;
    case 'in':
      return 'The sensor is in, and measures: its values are on the page of demo-home, under Readings.';
    case 'denied':
      return 'The sensor was turned away, and asks no more.';
  }
}

/** The sensor's own, kept with the other data. */
async function sensorKey(folder: string): Promise<KeyObject> {
  const path = joinPath(folder, 'sensor-key');
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  try {
    await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
    return privateKey;
  } catch {
    return createPrivateKey(await readFile(path, 'utf8'));
  }
}

async function ownerOf(relay: Relay): Promise<{ id: string }> {
  const actor = { name: 'relay', address: undefined };
  const password = randomBytes(18).toString('base64url');
  return (
    (await relay.accounts.byName(OWNER)) ??
    relay.accounts.create(actor, { name: OWNER, password, role: 'admin' })
  );
}

/** Joins with a token, so that nobody has to press Allow before there is anything to see. */
async function join(agentFolder: string, relay: Relay, accountId: string): Promise<void> {
  const owner = { accountId, accountName: OWNER, address: 'local' };
  const { token } = await relay.enrolmentTokens.make(owner, {
    note: 'demo home',
    tags: ['demo'],
    hours: 1,
    uses: 1,
  });
  await joinRelay({
    dataFolder: agentFolder,
    url: relay.facts.origin,
    token,
    account: undefined,
    name: 'demo-home',
    caFile: undefined,
    fingerprint: relay.facts.hostKeyFingerprint,
    environment: {},
    signal: AbortSignal.timeout(30_000),
    onPending: () => undefined,
  });
}

/** Ports that were asked for; else the usual ones where they are free, so that a bookmark goes on working. */
async function ports(): Promise<Record<'http' | 'https' | 'ssh' | 'mqtt' | 'mqtts', string>> {
  const { env } = process;
  return {
    http: env['PORCHLIGHT_HTTP_PORT'] ?? (await freeOr0(8080)),
    https: env['PORCHLIGHT_HTTPS_PORT'] ?? (await freeOr0(8443)),
    ssh: env['PORCHLIGHT_SSH_PORT'] ?? (await freeOr0(2222)),
    mqtt: env['PORCHLIGHT_MQTT_PORT'] ?? (await freeOr0(1883)),
    mqtts: env['PORCHLIGHT_MQTTS_PORT'] ?? (await freeOr0(8883)),
  };
}

function freeOr0(port: number): Promise<string> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve('0'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(String(port))));
  });
}

await main();
