import { hostname } from 'node:os';
import { join as joinPath } from 'node:path';
import { joinCode, type RelayMessage, toDeviceName } from '@porchlight/protocol';
import { systemClock } from '../clock.ts';
import {
  AgentConfigFile,
  ConfigError,
  lockDataFolder,
  openIdentity,
  prepareDataFolder,
  type RelaySettings,
  readAuthority,
  replaceFile,
} from '../config/index.ts';
import {
  openTransport,
  type RelayAddress,
  RelayConnection,
  type Transport,
  transportsFor,
} from '../link/index.ts';
import { VERSION } from '../version.ts';
import { fetchRelayIdentity, parseRelayUrl } from './relay-identity.ts';

const CA_FILE = 'ca.pem';

export interface JoinOptions {
  readonly dataFolder: string;
  /** Address of the relay, as a person typed it. */
  readonly url: string;
  readonly token: string | undefined;
  /** Account to ask; without it an admin sees the request, or whoever enters the code. */
  readonly account: string | undefined;
  /** Name to propose; the host name by default. */
  readonly name: string | undefined;
  /** PEM file of the authority to trust for the relay's address. */
  readonly caFile: string | undefined;
  /** `SHA256:…` that the relay's host key must have, given by hand. */
  readonly fingerprint: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** An agent of the caller's own runs on the data folder, and goes on with the relay that it has. */
  readonly besideAgent?: boolean;
  /** A person has to press Allow; the code is shown on both sides. */
  readonly onPending: (request: { code: string; url: string; expiresInMs: number }) => void;
}

export interface Joined {
  readonly device: string;
  readonly domain: string;
  readonly origin: string;
}

/**
 * Makes this device known at a relay: pins the relay's host key, asks to be let in, waits for the answer, and keeps
 * the relay in `agent.yaml`.
 * @throws ConfigError that says what was wrong, or that and why it was refused
 */
export async function joinRelay(options: JoinOptions): Promise<Joined> {
  await prepareDataFolder(options.dataFolder);
  const lock = options.besideAgent === true ? undefined : await lockDataFolder(options.dataFolder);
  try {
    return await joinLocked(options);
  } finally {
    await lock?.release();
  }
}

async function joinLocked(options: JoinOptions): Promise<Joined> {
  const { dataFolder, environment, signal } = options;
  const origin = parseRelayUrl(options.url);
  const name = toDeviceName(options.name ?? hostname()) ?? 'device';
  if (options.name !== undefined && name !== options.name) {
    throw new ConfigError(
      `"${options.name}" is no device name: use 1 to 32 lower-case letters, digits and inner hyphens`,
    );
  }
  const file = new AgentConfigFile(dataFolder);
  const pinned = await pinnedAt(file, origin);
  // Who joins the same relay again need not give its authority again.
  const caFile = options.caFile ?? (pinned?.ca === undefined ? undefined : joinPath(dataFolder, pinned.ca));
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  const identity = await openIdentity(dataFolder);
  const relay = await fetchRelayIdentity(origin, { ca, environment, signal });
  const hostKey = relay.ssh.fingerprint;
  if (options.fingerprint !== undefined && options.fingerprint !== hostKey) {
    throw new ConfigError(
      `the relay shows the host key ${hostKey}, but you gave ${options.fingerprint}: somebody may be in between`,
    );
  }
  if (pinned !== undefined && pinned.hostKey !== hostKey) {
    throw new ConfigError(
      `the relay's host key has changed: pinned ${pinned.hostKey}, found ${hostKey}: if that is right, remove "relay" from ${file.path} and join again`,
    );
  }
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const httpsPort = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const address: RelayAddress = {
    ssh: { host, port: relay.ssh.port ?? httpsPort },
    origin,
    websocketPath: relay.websocketPath,
    ca,
  };
  const code = await joinCode(identity.fingerprint, hostKey);
  const welcome = await ask(options, address, {
    hostKey,
    privateKey: identity.privateKey.reveal(),
    name,
    // Both sides compute the code; the relay's word for it is not taken.
    onPending: (request) => options.onPending({ code, url: request.url, expiresInMs: request.expires }),
  });
  if (ca !== undefined) await replaceFile(joinPath(dataFolder, CA_FILE), ca, 0o600);
  const sshHost = host.includes(':') ? `[${host}]` : host;
  await file.setRelay(
    {
      domain: welcome.domain,
      ssh: `${sshHost}:${address.ssh.port}`,
      https: origin,
      hostKey,
      ...(ca === undefined ? {} : { ca: CA_FILE }),
    },
    welcome.device,
  );
  return { device: welcome.device, domain: welcome.domain, origin };
}

/** What is known of the relay at this address from an earlier joining. */
async function pinnedAt(file: AgentConfigFile, origin: string): Promise<RelaySettings | undefined> {
  const { relay } = await file.read();
  return relay?.https === origin ? relay : undefined;
}

interface Ask {
  readonly hostKey: string;
  readonly privateKey: string;
  readonly name: string;
  readonly onPending: (request: Extract<RelayMessage, { type: 'pending' }>) => void;
}

async function ask(
  options: JoinOptions,
  address: RelayAddress,
  what: Ask,
): Promise<Extract<RelayMessage, { type: 'welcome' }>> {
  const reasons: string[] = [];
  for (const transport of transportsFor(address, undefined)) {
    try {
      return await askBy(transport, options, address, what);
    } catch (error) {
      if (error instanceof ConfigError || options.signal.aborted) throw error;
      reasons.push(`${transport}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new ConfigError(
    `the relay's SSH server cannot be reached (${reasons.join('; ')}): check firewalls on the way`,
    { kind: 'unreachable' },
  );
}

/** @throws ConfigError when the relay refused; another Error when it was not reached this way */
async function askBy(
  transport: Transport,
  options: JoinOptions,
  address: RelayAddress,
  what: Ask,
): Promise<Extract<RelayMessage, { type: 'welcome' }>> {
  const { environment, signal } = options;
  const { stream } = await openTransport(address, transport, { environment, signal });
  const { promise, resolve, reject } = Promise.withResolvers<Extract<RelayMessage, { type: 'welcome' }>>();
  const connection = new RelayConnection({
    stream,
    privateKey: what.privateKey,
    hostKeyFingerprint: what.hostKey,
    hello: { agent: VERSION, name: what.name, account: options.account, token: options.token },
    clock: systemClock,
    on: {
      welcome: resolve,
      pending: what.onPending,
      denied: ({ reason, hint }) =>
        reject(new ConfigError(`the relay refused (${reason}): ${hint}`, { kind: 'refused' })),
      hostKeyChanged: (found) =>
        reject(
          new ConfigError(
            `the SSH server shows another host key than the relay told over HTTPS: ${found} instead of ${what.hostKey}`,
          ),
        ),
      drain: () => undefined,
      rtt: () => undefined,
      channel: (_service, _accept, refuse) => refuse(),
      closed: (reason) => reject(new Error(reason)),
    },
  });
  const abort = (): void => reject(new ConfigError('stopped', { kind: 'stopped' }));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    connection.end();
  }
}
