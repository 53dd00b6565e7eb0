import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import { type BaseStationAlone, startBaseStationAlone } from './base-station-alone.ts';
import { systemClock } from './clock.ts';
import { AgentConfigFile, prepareDataFolder } from './config/index.ts';
import { knowsRelay } from './create-link.ts';
import { LinkChanges } from './link-changes.ts';
import { PauseSwitch } from './local/index.ts';
import { createLogger } from './log/index.ts';
import { openSettingsPage } from './settings-page/index.ts';

/** A device without a relay looks so often whether it has been joined in another way. */
const LOOK_MS = 3_000;

export interface DeviceOptions extends AgentOptions {
  /** Undefined: there is none. */
  readonly settingsPage: { readonly host: string; readonly port: number } | undefined;
}

export type Device = Awaited<ReturnType<typeof startDevice>>;

/**
 * Starts the device's settings page, and the agent as soon as the device has joined a relay: at once, from the page, or
 * from the command line. Until then it may be a base station alone.
 * @throws ConfigError: one line that names the cause and the mend
 */
export async function startDevice(options: DeviceOptions) {
  const { dataFolder, environment } = options;
  const logger = options.logger ?? createLogger('info');
  const clock = systemClock;
  await prepareDataFolder(dataFolder);
  const file = new AgentConfigFile(dataFolder);
  const stop = new AbortController();
  let agent: Agent | undefined;
  let alone: BaseStationAlone | undefined;
  let starting: Promise<void> | undefined;

  /** One after the other: the page and the clock both ask for it. */
  let last: Promise<void> = Promise.resolve();
  const startIfJoined = (): Promise<void> => {
    const done = last.then(start);
    last = done.catch(() => undefined); // told to who asked
    return done;
  };
  const start = async (): Promise<void> => {
    if (agent !== undefined || stop.signal.aborted) return;
    const config = await file.read();
    const isJoined = knowsRelay(config);
    // A base station needs no relay.
    if (alone !== undefined && (isJoined || config.baseStation === undefined)) {
      await alone.close();
      alone = undefined;
    }
    if (isJoined) agent = await startAgent({ ...options, logger });
    else if (config.baseStation !== undefined) {
      alone ??= await startBaseStationAlone({ dataFolder, clock, logger });
    }
  };
  const changes = new LinkChanges({
    ...{ dataFolder, environment, logger, signal: stop.signal },
    runs: () => agent !== undefined,
    async restart() {
      await agent?.close();
      agent = undefined;
      await startIfJoined();
    },
  });

  const listen = options.settingsPage;
  const page =
    listen &&
    (await openSettingsPage({
      ...{ dataFolder, clock, logger },
      listen,
      control: {
        status: () => agent?.status(),
        linkChange: () => changes.state,
        baseStation: () => (agent ?? alone)?.baseStation,
        join: (wish) => changes.join(wish),
        linkViaMqtt: (wish) => changes.viaMqtt(wish),
        linkBySsh: () => changes.bySsh(),
        async setPaused(paused) {
          if (agent !== undefined) await agent.setPaused(paused);
          else await (await PauseSwitch.open(dataFolder)).set(paused, clock.now());
        },
        async reload() {
          if (agent === undefined) await startIfJoined();
          await alone?.baseStation.configure(await file.read());
          await agent?.reload();
        },
      },
    }));
  try {
    await startIfJoined();
    await page?.announce();
  } catch (error) {
    await page?.close();
    await alone?.close();
    await agent?.close();
    throw error;
  }
  const cancelLook = clock.every(LOOK_MS, () => {
    if (changes.busy !== undefined || starting !== undefined || agent !== undefined) return;
    starting = startIfJoined()
      .catch((error: unknown) => logger.error({ error }, 'agent not started'))
      .finally(() => {
        starting = undefined;
      });
  });
  const close = async (): Promise<void> => {
    cancelLook();
    stop.abort();
    await Promise.all([changes.busy, starting]);
    await page?.close();
    await alone?.close();
    await agent?.close();
  };
  let closing: Promise<void> | undefined;
  return {
    /** Where the page is. */
    url: page?.url,
    /** What claims the page; undefined once that is done. */
    claimCode: () => page?.claimCode(),
    status: () => agent?.status(),
    /** Ends link and page; idempotent. */
    close: () => (closing ??= close()),
  };
}
