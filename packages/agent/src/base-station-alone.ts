import { AuditLog } from './audit/index.ts';
import { BaseStationSwitch } from './base-station/index.ts';
import type { Clock } from './clock.ts';
import { AgentConfigFile, ConfigError, ConfigFollower, lockDataFolder } from './config/index.ts';
import { openControlSocket } from './local/index.ts';
import type { Logger } from './log/index.ts';
import { createPersonCheck } from './settings-page/index.ts';

/** Not the agent's: a device without a relay can be joined from the command line while this runs. */
const LOCK = 'base-station.lock';

export type BaseStationAlone = Awaited<ReturnType<typeof startBaseStationAlone>>;

/**
 * The base station of a device that has joined no relay: it needs none. Listens to the command line as an agent does.
 * @throws ConfigError: one line that names the cause and the mend
 */
export async function startBaseStationAlone(parts: {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}) {
  const { dataFolder, clock, logger } = parts;
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const lock = await lockDataFolder(dataFolder, LOCK);
    ends.push(() => lock.release());
    const onProblem = (error: unknown) => logger.error({ error }, 'audit not written');
    const audit = new AuditLog({ dataFolder, clock, onProblem });
    ends.push(() => audit.close());
    const baseStation = new BaseStationSwitch({
      ...{ dataFolder, clock, logger },
      isPerson: createPersonCheck(dataFolder, () => clock.monotonic()),
      audit: (event, detail) => audit.event(event, detail),
    });
    ends.push(() => baseStation.close());
    const follower = await ConfigFollower.open({
      file: new AgentConfigFile(dataFolder),
      clock,
      refuse: () => undefined,
      onChange: (config) => void baseStation.configure(config),
      onProblem: (error) => logger.error({ reason: error.message }, 'configuration not taken over'),
    });
    ends.push(() => follower.close());
    await baseStation.configure(follower.config);
    const socket = await openControlSocket({
      dataFolder,
      handlers: {
        status: noRelay,
        pause: noRelay,
        resume: noRelay,
        reload: async () => {
          await baseStation.configure(await follower.reload());
          return noRelay();
        },
        'base-station': (ask) => baseStation.answer(ask),
      },
      onProblem: (error) => logger.error({ error }, 'command failed'),
    });
    ends.push(() => socket.close());
    let closing: Promise<void> | undefined;
    return { baseStation, close: () => (closing ??= close()) };
  } catch (error) {
    await close();
    throw error;
  }
}

function noRelay(): Promise<never> {
  const text = 'this device has joined no relay yet, and works as a base station alone';
  return Promise.reject(new ConfigError(`${text}: see "porchlight agent base-station show"`));
}
