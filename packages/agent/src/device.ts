import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import { systemClock } from './clock.ts';
import { AgentConfigFile, ConfigError, prepareDataFolder } from './config/index.ts';
import { knowsRelay } from './create-link.ts';
import { joinRelay, parseRelayUrl, tokenByPassword } from './join/index.ts';
import { PauseSwitch } from './local/index.ts';
import { createLogger } from './log/index.ts';
import { type Joining, type JoinWish, openSettingsPage } from './settings-page/index.ts';

/** A device without a relay looks so often whether it has been joined in another way. */
const LOOK_MS = 3_000;

export interface DeviceOptions extends AgentOptions {
  readonly settingsPage: { readonly host: string; readonly port: number };
}

export type Device = Awaited<ReturnType<typeof startDevice>>;

/**
 * Starts the device's settings page, and the agent as soon as the device has joined a relay: at once, from the page, or
 * from the command line.
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
  let joining: Joining = { state: 'idle' };
  let busy: Promise<void> | undefined;

  const startIfJoined = async (): Promise<void> => {
    if (agent !== undefined || stop.signal.aborted || !knowsRelay(await file.read())) return;
    agent = await startAgent({ ...options, logger });
  };
  const joinAs = async (wish: JoinWish): Promise<void> => {
    const origin = parseRelayUrl(wish.url);
    const request = { ca: wish.ca, environment, signal: stop.signal };
    const token =
      wish.account === undefined ? wish.token : await tokenByPassword(origin, wish.account, request);
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-join-'));
    const caFile = wish.ca === undefined ? undefined : join(folder, 'ca.pem');
    try {
      if (caFile !== undefined) await writeFile(caFile, wish.ca ?? '', { mode: 0o600 });
      const joined = await joinRelay({
        ...{ dataFolder, environment, url: origin, token, caFile, name: wish.name, signal: stop.signal },
        ...{ account: undefined, fingerprint: undefined },
        // Its link stays up while somebody has to press Allow, and when the new relay refuses.
        besideAgent: agent !== undefined,
        onPending: ({ code, url }) => {
          joining = { state: 'pending', code, url };
        },
      });
      await agent?.close();
      agent = undefined;
      joining = { state: 'joined', device: joined.device, domain: joined.domain };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const begin = (wish: JoinWish): void => {
    if (busy !== undefined) throw new ConfigError('a joining is under way: wait for its end');
    joining = { state: 'verifying' };
    busy = joinAs(wish)
      .catch((error: unknown) => {
        joining = { state: 'failed', reason: reasonOf(error) };
        if (!(error instanceof ConfigError)) logger.error({ error }, 'joining failed');
      })
      .then(startIfJoined)
      .catch((error: unknown) => {
        joining = { state: 'failed', reason: reasonOf(error) };
        logger.error({ error }, 'agent not started');
      })
      .finally(() => {
        busy = undefined;
      });
  };

  const page = await openSettingsPage({
    ...{ dataFolder, clock, logger },
    listen: options.settingsPage,
    control: {
      status: () => agent?.status(),
      joining: () => joining,
      join: begin,
      async setPaused(paused) {
        if (agent !== undefined) await agent.setPaused(paused);
        else await (await PauseSwitch.open(dataFolder)).set(paused, clock.now());
      },
      async reload() {
        await agent?.reload();
      },
    },
  });
  try {
    await startIfJoined();
    await page.announce();
  } catch (error) {
    await page.close();
    throw error;
  }
  const cancelLook = clock.every(LOOK_MS, () => {
    if (busy !== undefined || agent !== undefined) return;
    busy = startIfJoined()
      .catch((error: unknown) => logger.error({ error }, 'agent not started'))
      .finally(() => {
        busy = undefined;
      });
  });
  const close = async (): Promise<void> => {
    cancelLook();
    stop.abort();
    await busy;
    await page.close();
    await agent?.close();
  };
  let closing: Promise<void> | undefined;
  return {
    /** Where the page is. */
    url: page.url,
    /** What claims the page; undefined once that is done. */
    claimCode: () => page.claimCode(),
    status: () => agent?.status(),
    /** Ends link and page; idempotent. */
    close: () => (closing ??= close()),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
