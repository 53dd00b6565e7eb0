import { nativeCipherInUse, poolPacketPadding } from '@porchlight/link';
import { AuditLog } from './audit/index.ts';
import { BaseStationSwitch, followStation, type RemoteRefusal } from './base-station/index.ts';
import { systemClock } from './clock.ts';
import {
  type AgentConfig,
  AgentConfigFile,
  ConfigFollower,
  lockDataFolder,
  openIdentity,
  prepareDataFolder,
} from './config/index.ts';
import { createLink, knowsRelay, notJoined } from './create-link.ts';
import { LanSide } from './lan/index.ts';
import { AgentLink, type BaseStationSide, type LinkPhase } from './link/index.ts';
import { openControlSocket, PauseSwitch } from './local/index.ts';
import { createLogger, type Logger } from './log/index.ts';
import { DevicePolicy, type PolicyState } from './policy/index.ts';
import { type Gate, Services } from './services/index.ts';
import { createPersonCheck } from './settings-page/index.ts';
import { agentStatusOf, policyStatusOf, type Refusal } from './status.ts';
import { VERSION } from './version.ts';

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
    let takeOver = (_config: AgentConfig): void => undefined; // until there is a link, which takes what is then in force
    const follower = await ConfigFollower.open({
      file: new AgentConfigFile(dataFolder),
      clock,
      refuse: refuseOtherRelay,
      onChange: (config) => takeOver(config),
      onProblem: (error) => {
        logger.error({ reason: error.message }, 'configuration not taken over');
        audit.event('configuration not taken over', { reason: error.message });
      },
    });
    ends.push(() => follower.close());
    if (!knowsRelay(follower.config)) throw notJoined();
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
      exposed: () => follower.config.services.keys(),
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
    services.configure(follower.config.services);
    ends.push(() => services.close());

    const baseStation = new BaseStationSwitch({
      ...{ dataFolder, clock, logger },
      isPerson: createPersonCheck(dataFolder, () => clock.monotonic()),
      audit: (event, detail) => audit.event(event, detail),
    });
    ends.push(() => baseStation.close());

    const startedAt = clock.now();
    let refused: Refusal | undefined;
    const { link, relay, code } = await createLink(follower.config, dataFolder, {
      clock,
      logger,
      random: Math.random,
      environment,
      onPhase(phase) {
        if (phase.kind === 'up' || phase.kind === 'pending') refused = undefined;
        if (phase.kind === 'up' && phase.rtt === undefined)
          audit.event('link up', { transport: phase.transport });
        if (phase.kind === 'pending') logger.warn({ code, url: phase.url }, 'waiting for Allow');
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
    // Without a key of its own, as by MQTT alone, a device can prove nothing.
    const lan =
      follower.config.mqtt === undefined
        ? new LanSide(
            {
              privateKey: (await openIdentity(dataFolder)).privateKey.reveal(),
              ...{ clock, logger },
              onChange: () => offer(),
            },
            follower.config,
          )
        : undefined;
    ends.push(() => lan?.close());
    const offer = () => link.offer(lan?.withDoor(services.announced()) ?? services.announced());
    takeOver = (config) => {
      services.configure(config.services);
      void lan?.configure(config);
      void baseStation.configure(config);
      offer();
      const names = [...config.services.keys()].join(' ');
      logger.info({ services: names }, 'configuration in force');
      audit.event('configuration read', { services: names });
    };
    const reload = async () => {
      // The rules before what they are for.
      await policy.reload();
      const config = await follower.reload();
      await baseStation.configure(config);
      return { policy: policyStatusOf(policy), services: [...config.services.keys()] };
    };
    const setPaused = async (paused: boolean) => {
      if (await pause.set(paused, clock.now())) audit.event(paused ? 'paused' : 'resumed');
      link.tellPaused(pause.paused);
      return { paused: pause.paused };
    };
    const status = () =>
      agentStatusOf({
        startedAt,
        relay,
        config: follower.config,
        configError: follower.error,
        phase: link.phase,
        refused,
        code,
        paused: pause.paused,
        policy,
        baseStation,
      });
    const socket = await openControlSocket({
      dataFolder,
      handlers: {
        status: async () => status(),
        pause: () => setPaused(true),
        resume: () => setPaused(false),
        reload,
        'base-station': (ask) => baseStation.answer(ask),
      },
      onProblem: (error) => logger.error({ error }, 'command failed'),
    });
    ends.push(() => socket.close());
    // A link by MQTT carries no base station.
    if (link instanceof AgentLink) {
      const speakFor = (side: BaseStationSide | undefined) => link.speakFor(side);
      ends.push(
        followStation(baseStation, speakFor, {
          refuses: () => refusalFromAfar(pause.paused, policy.state.state),
          ...{ audit, clock, logger },
        }),
      );
    }
    await lan?.configure(follower.config);
    await baseStation.configure(follower.config);
    offer();
    link.tellPaused(pause.paused);
    link.start();
    ends.push(() => link.close());
    poolPacketPadding();
    const nativeCipher = nativeCipherInUse();
    logger.info({ version: VERSION, name: follower.config.name, relay, nativeCipher }, 'agent started');
    let closing: Promise<void> | undefined;
    return {
      status,
      reload,
      setPaused,
      baseStation,
      /** Ends the link and stops; idempotent. */
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Why no WiFi device is let in through the relay now. */
function refusalFromAfar(paused: boolean, policy: PolicyState['state']): RemoteRefusal | undefined {
  if (paused) return { refusal: 'paused', reason: 'somebody at the device has paused it' };
  if (policy !== 'closed') return undefined;
  return { refusal: 'off', reason: 'the policy file on the device has errors, so it lets nothing through' };
}

/** The link belongs to the relay that was there at the start. */
function refuseOtherRelay(next: AgentConfig, now: AgentConfig): string | undefined {
  const of = ({ relay, mqtt }: AgentConfig): string => JSON.stringify([relay, mqtt]);
  if (of(next) === of(now)) return undefined;
  return 'the relay in agent.yaml has changed: restart the agent to go there, or put it back';
}
