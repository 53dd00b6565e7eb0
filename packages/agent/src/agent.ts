import { join } from 'node:path';
import { AuditLog } from './audit/index.ts';
import { systemClock } from './clock.ts';
import {
  type AgentConfig,
  AgentConfigFile,
  ConfigError,
  lockDataFolder,
  openIdentity,
  prepareDataFolder,
  readTextFile,
} from './config/index.ts';
import { AgentLink, type LinkPhase } from './link/index.ts';
import { type AgentStatus, type LinkStatus, openControlSocket, PauseSwitch } from './local/index.ts';
import { createLogger, type Logger } from './log/index.ts';
import { DevicePolicy } from './policy/index.ts';
import { type Gate, Services } from './services/index.ts';
import { VERSION } from './version.ts';

const WEBSOCKET_PATH = '/.well-known/porchlight/link';
const CA_BYTES_MAX = 256 * 1024;

export interface AgentOptions {
  readonly dataFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger?: Logger;
  /** Called at each change of the link. */
  readonly onPhase?: (phase: LinkPhase) => void;
}

export type Agent = Awaited<ReturnType<typeof startAgent>>;

/**
 * Starts the agent on a data folder that has joined a relay: everything is put together here. It keeps its link for
 * ever; a relay that is away is no error.
 * @throws ConfigError: one line that names the cause and the mend
 */
export async function startAgent(options: AgentOptions) {
  const { dataFolder, environment } = options;
  const clock = systemClock;
  const logger = options.logger ?? createLogger('info');
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    await prepareDataFolder(dataFolder);
    const lock = await lockDataFolder(dataFolder);
    ends.push(() => lock.release());
    const file = new AgentConfigFile(dataFolder);
    let config: AgentConfig = await file.read();
    const { relay } = config;
    if (relay === undefined) {
      throw new ConfigError(
        'this device has joined no relay yet: run "porchlight agent join https://RELAY" first',
      );
    }
    const identity = await openIdentity(dataFolder);
    const ca =
      relay.ca === undefined
        ? undefined
        : (await readTextFile(join(dataFolder, relay.ca), CA_BYTES_MAX)).text;
    const audit = new AuditLog({
      dataFolder,
      clock,
      onProblem: (error) => logger.error({ error }, 'audit not written'),
    });
    ends.push(() => audit.close());
    const pause = await PauseSwitch.open(dataFolder);
    const policy = await DevicePolicy.open({
      dataFolder,
      clock,
      exposed: () => config.services.keys(),
      onChange: (state) => {
        audit.event('policy read', { state: state.state, errors: state.errors.join('; ') });
        const fields = { state: state.state, errors: state.errors, warnings: state.warnings };
        if (state.errors.length > 0) logger.error(fields, 'policy not in force');
        else logger.info(fields, 'policy in force');
      },
    });
    ends.push(() => policy.close());

    const gate: Gate = {
      get paused() {
        return pause.paused;
      },
      decide: (request) => policy.decide(request),
      decideConnection: (service) => policy.decideConnection(service),
    };
    const services = new Services({ gate, audit });
    services.configure(config.services);
    ends.push(() => services.close());

    const startedAt = clock.now();
    let refused: { since: number; reason: string; hint: string } | undefined;
    const link = new AgentLink({
      relay: { ssh: relay.ssh, origin: relay.https, websocketPath: WEBSOCKET_PATH, ca },
      hostKeyFingerprint: relay.hostKey,
      privateKey: identity.privateKey.reveal(),
      hello: { agent: VERSION, name: config.name ?? 'device', account: undefined, token: undefined },
      clock,
      logger,
      random: Math.random,
      environment,
      onPhase(phase) {
        if (phase.kind === 'up' || phase.kind === 'pending') refused = undefined;
        if (phase.kind === 'up' && phase.rtt === undefined)
          audit.event('link up', { transport: phase.transport });
        if (phase.kind === 'waiting') audit.event('link down', { reason: phase.reason });
        options.onPhase?.(phase);
      },
      onDenied(denial) {
        logger.error(denial, 'relay refused');
        audit.event('relay refused', { reason: denial.reason });
        if (!denial.retry) refused = { since: clock.now(), reason: denial.reason, hint: denial.hint };
      },
      onChannel: (service, accept, reject) => services.open(service, accept, reject),
    });
    const policyStatus = () => {
      const { errors, warnings, ...state } = policy.state;
      return { ...state, errors: [...errors], warnings: [...warnings] };
    };
    const reload = async () => {
      config = await file.read();
      services.configure(config.services);
      link.offer(services.announced());
      audit.event('configuration read', { services: [...config.services.keys()].join(' ') });
      await policy.reload();
      return { policy: policyStatus(), services: [...config.services.keys()] };
    };
    const setPaused = async (paused: boolean) => {
      if (await pause.set(paused, clock.now())) audit.event(paused ? 'paused' : 'resumed');
      link.tellPaused(pause.paused);
      return { paused: pause.paused };
    };
    const status = (): AgentStatus => ({
      version: VERSION,
      pid: process.pid,
      startedAt,
      name: link.phase.kind === 'up' ? link.phase.device : (config.name ?? 'device'),
      relay: relay.domain,
      link: refused === undefined ? statusOf(link.phase) : { state: 'denied', ...refused },
      paused: pause.paused,
      policy: policyStatus(),
      services: [...config.services].map(([name, { target }]) => ({
        name,
        kind: target.kind,
        target: target.text,
      })),
    });
    const socket = await openControlSocket({
      dataFolder,
      handlers: {
        status: async () => status(),
        pause: () => setPaused(true),
        resume: () => setPaused(false),
        reload,
      },
      onProblem: (error) => logger.error({ error }, 'command failed'),
    });
    ends.push(() => socket.close());
    link.offer(services.announced());
    link.tellPaused(pause.paused);
    link.start();
    ends.push(() => link.close());
    logger.info({ version: VERSION, name: config.name, relay: relay.domain }, 'agent started');
    let closing: Promise<void> | undefined;
    return {
      status,
      reload,
      setPaused,
      /** Ends the link and stops; idempotent. */
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function statusOf(phase: LinkPhase): LinkStatus {
  switch (phase.kind) {
    case 'connecting':
      return { state: 'connecting', since: phase.since };
    case 'pending': {
      const { since, code, url, expiresAt } = phase;
      return { state: 'pending', since, code, url, expiresAt };
    }
    case 'up': {
      const { since, transport, rtt } = phase;
      return { state: 'up', since, transport, ...(rtt === undefined ? {} : { rtt }) };
    }
    case 'waiting':
      return { state: 'waiting', since: phase.since, retryAt: phase.until, reason: phase.reason };
    case 'stopped':
      return { state: 'stopped', since: phase.since };
  }
}
