import { join } from 'node:path';
import { nativeCipherInUse } from '@porchlight/link';
import {
  type AgentConfig,
  AgentConfigFile,
  ConfigError,
  openIdentity,
  readAuthority,
} from '../config/index.ts';
import { fetchRelayIdentity } from '../join/index.ts';
import { hostKeyOf, openTransport, type RelayAddress, transportsFor } from '../link/index.ts';
import { callAgent } from '../local/index.ts';
import { examineBroker, readKeptBroker } from '../mqtt-link/index.ts';
import { DevicePolicy } from '../policy/index.ts';
import { connectLocally } from '../services/index.ts';

const STEP_DEADLINE_MS = 15_000;

export interface Finding {
  readonly result: 'ok' | 'warning' | 'failed';
  /** What was looked at. */
  readonly what: string;
  readonly detail: string;
  readonly hint?: string;
}

export interface DoctorOptions {
  readonly dataFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Looks at everything between a person and a service on this device, from the inside out: files, policy, local
 * servers, each way to the relay, the relay's host key, the running agent. Goes on after a failure; never throws.
 */
export async function* runDoctor(options: DoctorOptions): AsyncGenerator<Finding> {
  const { dataFolder } = options;
  yield nativeCipherInUse()
    ? { result: 'ok', what: 'cipher', detail: 'the native one is in use' }
    : {
        result: 'warning',
        what: 'cipher',
        detail: 'the native one is not in use, so bulk transfers run at half speed',
        hint: 'in a checkout run "npm run build" with a C++ compiler installed',
      };
  const config = yield* attempt('configuration', async () => {
    const read = await new AgentConfigFile(dataFolder).read();
    return { value: read, detail: `${dataFolder}, ${read.services.size} services` };
  });
  // Without a relay there may be no key yet, and none shall be made here.
  if (config?.relay !== undefined && config.mqtt === undefined) {
    yield* attempt('key', async () => {
      const { fingerprint } = await openIdentity(dataFolder);
      return { value: fingerprint, detail: fingerprint };
    });
  }
  yield* checkPolicy(dataFolder, config);
  for (const [name, settings] of config?.services ?? []) {
    yield* attempt(`service ${name}`, async () => {
      const socket = await connectLocally(settings, AbortSignal.timeout(STEP_DEADLINE_MS)).catch(
        (error: unknown) => {
          throw new ConfigError(
            `${settings.target.text} does not accept connections (${messageOf(error)}): start the program there, or correct the target with "porchlight agent expose ${name} TARGET"`,
          );
        },
      );
      socket.destroy();
      return { value: undefined, detail: `${settings.target.text} accepts connections` };
    });
  }
  if (config?.baseStation !== undefined) yield* checkBaseStation(dataFolder);
  if (config?.mqtt !== undefined) yield* checkBroker(options, config.mqtt);
  else if (config?.relay !== undefined) yield* checkRelay(options, config.relay);
  else if (config !== undefined) {
    yield {
      result: 'failed',
      what: 'relay',
      detail: 'this device has joined no relay yet',
      hint: 'run "porchlight agent join https://RELAY"',
    };
    return;
  }
  yield* checkAgent(dataFolder);
}

async function* checkPolicy(dataFolder: string, config: AgentConfig | undefined): AsyncGenerator<Finding> {
  const policy = await DevicePolicy.open({
    dataFolder,
    clock: { now: () => Date.now(), every: () => () => undefined },
    exposed: () => config?.services.keys() ?? [],
    onChange: () => undefined,
  });
  const { errors, warnings } = policy.state;
  await policy.close();
  for (const error of errors) {
    yield {
      result: 'failed',
      what: 'policy',
      detail: error,
      hint: 'until it is mended, nothing is let through',
    };
  }
  for (const warning of warnings) yield { result: 'warning', what: 'policy', detail: warning };
  if (errors.length === 0) yield { result: 'ok', what: 'policy', detail: 'has no errors' };
}

async function* checkBroker(
  { dataFolder, environment }: DoctorOptions,
  settings: NonNullable<AgentConfig['mqtt']>,
): AsyncGenerator<Finding> {
  const broker = yield* attempt('credentials file', async () => {
    const value = await readKeptBroker(dataFolder, settings);
    return { value, detail: join(dataFolder, settings.passwordFile) };
  });
  if (broker === undefined) return;
  const signal = AbortSignal.timeout(STEP_DEADLINE_MS * 4);
  const { steps, close } = await examineBroker(broker, { environment, signal });
  try {
    for (const { what, run } of steps) {
      const passed = yield* attempt(what, async () => ({ value: true, detail: await run() }));
      // What comes after stands on it.
      if (passed === undefined) return;
    }
  } finally {
    close();
  }
}

async function* checkRelay(
  { dataFolder, environment }: DoctorOptions,
  relay: NonNullable<AgentConfig['relay']>,
): AsyncGenerator<Finding> {
  const signal = AbortSignal.timeout(STEP_DEADLINE_MS * 4);
  const { ca: caFile } = relay;
  const ca =
    caFile === undefined
      ? undefined
      : yield* attempt('authority of the relay', async () => {
          const path = join(dataFolder, caFile);
          return { value: await readAuthority(path), detail: path };
        });
  const identity = yield* attempt('relay over https', async () => {
    const found = await fetchRelayIdentity(relay.https, { ca, environment, signal });
    return { value: found, detail: `${relay.https} answers, version ${found.version}` };
  });
  if (identity !== undefined && identity.ssh.fingerprint !== relay.hostKey) {
    yield {
      result: 'failed',
      what: 'host key',
      detail: `pinned ${relay.hostKey}, but the relay now shows ${identity.ssh.fingerprint}`,
      hint: 'if you moved the relay without its database, join again; otherwise somebody is in between',
    };
  }
  const address: RelayAddress = {
    ssh: relay.ssh,
    origin: relay.https,
    websocketPath: identity?.websocketPath ?? '/.well-known/porchlight/link',
    ca,
  };
  for (const transport of transportsFor(address, undefined)) {
    yield* attempt(`way to the relay by ${transport}`, async () => {
      const started = performance.now();
      const { stream } = await openTransport(address, transport, { environment, signal });
      const fingerprint = await hostKeyOf(stream, STEP_DEADLINE_MS);
      if (fingerprint !== relay.hostKey) {
        throw new ConfigError(`another host key answers there (${fingerprint}): something is in between`);
      }
      return {
        value: undefined,
        detail: `open, ${Math.round(performance.now() - started)} ms to the relay's host key`,
      };
    });
  }
}

async function* checkBaseStation(dataFolder: string): AsyncGenerator<Finding> {
  yield* attempt('base station', async () => {
    const signal = AbortSignal.timeout(STEP_DEADLINE_MS);
    const { view } = await callAgent(
      dataFolder,
      { command: 'base-station', ask: { do: 'show' } },
      { signal },
    );
    const { http, mqtt, mqtts } = view.ports;
    const ports = Object.entries({ HTTP: http, MQTT: mqtt, 'MQTT with TLS': mqtts })
      .map(([what, port]) => `${what} ${port === undefined ? 'closed' : `on port ${port}`}`)
      .join(', ');
    return { value: undefined, detail: `${ports}; ${view.devices.length} devices` };
  });
}

async function* checkAgent(dataFolder: string): AsyncGenerator<Finding> {
  yield* attempt('agent', async () => {
    const signal = AbortSignal.timeout(STEP_DEADLINE_MS);
    const status = await callAgent(dataFolder, { command: 'status' }, { signal });
    if (status.link.state !== 'up') {
      const reason = 'reason' in status.link ? ` (${status.link.reason})` : '';
      throw new ConfigError(
        `the agent runs, but its link is ${status.link.state}${reason}: look at the lines above`,
      );
    }
    if (status.paused)
      throw new ConfigError('the device is paused, so nobody gets in: porchlight agent resume');
    return { value: undefined, detail: `link up by ${status.link.transport}` };
  });
}

/** One step: its finding, and what it gave; undefined when it failed. */
async function* attempt<T>(
  what: string,
  step: () => Promise<{ value: T; detail: string }>,
): AsyncGenerator<Finding, T | undefined> {
  try {
    const { value, detail } = await step();
    yield { result: 'ok', what, detail };
    return value;
  } catch (error) {
    const message = messageOf(error);
    const at = error instanceof ConfigError ? message.lastIndexOf(': ') : -1;
    const hint = at < 0 ? {} : { hint: message.slice(at + 2) };
    yield { result: 'failed', what, detail: at < 0 ? message : message.slice(0, at), ...hint };
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
