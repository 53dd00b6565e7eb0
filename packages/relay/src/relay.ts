import { join } from 'node:path';
import { AccessTokens, BasicPasswords, Identities } from './access/index.ts';
import { Accounts, Passwords, Sessions, SetupLink, SignIn, SignInLinks } from './accounts/index.ts';
import { createApi } from './api/index.ts';
import { AuditLog } from './audit/index.ts';
import { systemClock } from './clock.ts';
import { createAddressMatcher, dataFolderLock, prepareDataFolder, type RelayConfig } from './config/index.ts';
import { Console, InstallFiles, StaticFiles } from './console/index.ts';
import { DeviceRecorder } from './devices/index.ts';
import { EnrolmentTokens, JoinRequestTable } from './enrolment/index.ts';
import { createEventBus } from './events.ts';
import { ForwardTable } from './forward/index.ts';
import { createLiveLinks, LinkAudit, LinkTable, LinkWatch } from './links/index.ts';
import { createOriginReader, FrontDoor, openListeners } from './listeners/index.ts';
import {
  ChannelPools,
  Publisher,
  probeService,
  RouteTable,
  SignOn,
  SignOnPages,
  Visitors,
} from './publish/index.ts';
import { createRelayFacts } from './relay-facts.ts';
import { DeviceAdmission, DeviceSession, loadHostKey, SshServer } from './ssh/index.ts';
import { Stack } from './stack.ts';
import { openStores } from './storage/index.ts';
import { createLogger, createMetrics, type Logger, startMetricsServer } from './telemetry/index.ts';
import { openCertificateFiles, openLocalAuthority } from './tls/index.ts';
import { VERSION } from './version.ts';

/** A link that drains comes back after this: a restart takes about as long. */
const DRAIN_RETURN_MS = 2_000;
const SESSION_SWEEP_MS = 3600_000;

export interface RelayOptions {
  readonly config: RelayConfig;
  /** Folder of the built dashboard; undefined: only the API is served. */
  readonly dashboard: string | undefined;
  /** The agent in one file, for devices to fetch; undefined: none is served. */
  readonly agentBundle: string | undefined;
  readonly logger?: Logger;
}

export type Relay = Awaited<ReturnType<typeof startRelay>>;

/**
 * Starts a relay: everything is put together here, from the data folder to the open ports. What was started is ended
 * in reverse order, also when a later step fails.
 * @throws ConfigError, StorageError: one line that names the cause and the mend
 */
export async function startRelay(options: RelayOptions) {
  const { config } = options;
  const clock = systemClock;
  const logger = options.logger ?? createLogger({ ...config.log });
  const stack = new Stack();
  const failed = (what: string) => (error: unknown) => logger.error({ error }, what);
  try {
    prepareDataFolder(config.data);
    const lock = dataFolderLock(config.data);
    stack.add(() => lock.release());
    const stores = await openStores(
      config.database === undefined
        ? { kind: 'sqlite', file: join(config.data, 'porchlight.db') }
        : { kind: 'postgres', url: config.database.reveal() },
    );
    stack.add(() => stores.close());
    const metrics = createMetrics({ process: config.metrics.port !== 'off' });
    const events = createEventBus(failed('event listener failed'));
    const audit = new AuditLog({ store: stores.audit, clock, onError: failed('audit not written') });
    stack.add(() => audit.close());

    // People.
    const passwords = new Passwords();
    const sessions = new Sessions({ store: stores.sessions, clock, events });
    stack.add(
      clock.every(SESSION_SWEEP_MS, () => void sessions.removeExpired().catch(failed('sessions not swept'))),
    );
    const accounts = new Accounts({ store: stores.accounts, sessions, passwords, audit, events, clock });
    const setupLink = new SetupLink({ secrets: stores.secrets, accounts });
    const links = new SignInLinks(clock);
    const signIn = new SignIn({
      accounts: stores.accounts,
      passwords,
      sessions,
      links,
      setup: setupLink,
      audit,
      clock,
    });
    const accessTokens = new AccessTokens({ store: stores.accessTokens, audit, events, clock });
    const identities = new Identities({
      sessions,
      tokens: accessTokens,
      accounts: stores.accounts,
      events,
      clock,
    });
    stack.add(() => identities.close());
    const enrolmentTokens = new EnrolmentTokens({ store: stores.enrolmentTokens, audit, clock });

    // Links.
    const hostKey = await loadHostKey(stores.secrets);
    const table = new LinkTable();
    const recorder = new DeviceRecorder({
      devices: stores.devices,
      health: stores.health,
      events,
      clock,
      onError: failed('device records not written'),
    });
    stack.add(() => recorder.close());
    const pools = new ChannelPools({ clock });
    stack.add(() => pools.close());
    const watch = new LinkWatch({ clock });
    stack.add(() => watch.close());
    for (const listener of [recorder, pools, watch, new LinkAudit({ audit, clock, logger, metrics })])
      table.listen(listener);
    metrics.observe('porchlight_channels_open', 'Channels open over all links.', () => table.openChannels());
    const { forwards: forwardConfig, limits } = config;
    const forwards = new ForwardTable({
      links: table,
      audit,
      clock,
      random: Math.random,
      host: forwardConfig.host,
      ports: forwardConfig.ports,
      publicHost: config.domain,
    });
    stack.add(() => forwards.closeAll());
    stack.add(
      events.subscribe((event) => {
        if (event.type === 'device-removed') {
          table.endWhere((link) => link.deviceId === event.deviceId, 'the device was removed');
          forwards.endWhere((forward) => forward.deviceId === event.deviceId, 'the device was removed');
          recorder.forget(event.deviceId);
        } else if (event.type === 'account-removed') {
          table.endWhere((link) => link.accountId === event.accountId, 'the account was removed');
          forwards.endWhere((forward) => forward.accountId === event.accountId, 'the account was removed');
        }
      }),
    );

    // TLS, and what is known of the ports once they are open.
    const tlsLogger = logger.child('tls');
    const { certificate, key } = config.tls;
    const domain = config.domain;
    const tls =
      config.https.port === 'off'
        ? undefined
        : certificate !== undefined && key !== undefined
          ? await openCertificateFiles({ certificate, key, domain, clock, logger: tlsLogger })
          : await openLocalAuthority({ domain, secrets: stores.secrets, clock, logger: tlsLogger });
    stack.add(() => tls?.close());
    const installFiles = await InstallFiles.read(options.agentBundle, () => tls?.caPem());
    const facts = createRelayFacts({
      config,
      hostKey,
      installFiles,
      startedAt: clock.now(),
      caPem: () => tls?.caPem(),
    });

    // Devices in.
    const joinRequests = new JoinRequestTable({
      devices: stores.devices,
      audit,
      events,
      clock,
      relayFingerprint: hostKey.fingerprint,
      limits: {
        perAddress: limits.joinRequestsPerAddress,
        inAll: limits.joinRequests,
        devicesPerAccount: limits.maxDevicesPerAccount,
      },
    });
    stack.add(() => joinRequests.close());
    const admission = new DeviceAdmission({
      devices: stores.devices,
      accounts: stores.accounts,
      joinRequests,
      tokens: enrolmentTokens,
      audit,
      events,
      clock,
      origin: () => facts.origin,
      devicesPerAccount: limits.maxDevicesPerAccount,
    });
    const sshLogger = logger.child('ssh');
    const ssh = new SshServer({
      hostKey,
      version: VERSION,
      clock,
      logger: sshLogger,
      refused: metrics.sshRefused,
      limits: {
        unauthenticatedPerAddress: limits.maxUnauthenticatedPerAddress,
        handshakeMs: limits.handshakeSeconds * 1000,
      },
      onClient: (client) =>
        void new DeviceSession(client, {
          admission,
          devices: stores.devices,
          links: table,
          events,
          clock,
          logger: sshLogger,
          domain,
          maxChannels: limits.channelsPerLink,
        }),
    });

    // Visitors in.
    const signOn = await SignOn.open({ clock, secrets: stores.secrets });
    const signOnPages = new SignOnPages({ signOn, domain });
    const routes = new RouteTable({ devices: stores.devices, events });
    stack.add(() => routes.close());
    const visitors = new Visitors({ identities, signOn, events, clock });
    stack.add(() => visitors.close());
    const publisher = new Publisher({
      routes,
      visitors,
      basic: new BasicPasswords({ passwords, clock }),
      links: table,
      pools,
      recorder,
      signOnPages,
      audit,
      clock,
      logger: logger.child('publish'),
      meters: metrics.requests,
    });
    const originOf = createOriginReader(createAddressMatcher(config.trustedProxies));
    const api = await createApi({
      accounts,
      passwords,
      sessions,
      signIn,
      setupLink,
      identities,
      accessTokens,
      devices: stores.devices,
      health: stores.health,
      enrolmentTokens,
      joinRequests,
      forwards,
      links: createLiveLinks({
        links: table,
        unwrittenBytes: (link) => recorder.unwrittenBytes(link),
        ask: (link, service, signal) => probeService(pools, link, service, signal),
      }),
      audit,
      events,
      clock,
      relay: facts,
      addressOf: (request) => originOf(request).address,
      isSecure: (request) => originOf(request).secure,
      originOf: (request) => consoleOrigin(originOf(request).secure, request.headers),
      onError: (error, requestId) => logger.error({ error, requestId }, 'API call failed'),
    });
    stack.add(() => api.close());
    const console = new Console({
      api,
      identities,
      signOnPages,
      dashboard: options.dashboard === undefined ? undefined : await StaticFiles.read(options.dashboard),
      installFiles,
      onSsh: (socket, address, transport) => ssh.accept(socket, address, transport),
      meter: metrics.requests.console,
    });
    const door = new FrontDoor({ domain, httpsPort: () => facts.httpsPort, originOf, console, publisher });
    const listeners = await openListeners({
      config,
      tls,
      onRequest: (req, res) => door.handle(req, res),
      onUpgrade: (req, socket, head) => door.handleUpgrade(req, socket, head),
      onSsh: (socket, address, transport) => ssh.accept(socket, address, transport),
    });
    stack.add(() => listeners.close());
    facts.setPorts(listeners.ports);
    const { port: metricsPort, host: metricsHost } = config.metrics;
    const metricsServer =
      metricsPort === 'off'
        ? undefined
        : await startMetricsServer({ metrics, logger, port: metricsPort, host: metricsHost });
    stack.add(() => metricsServer?.close());
    const ports = { ...listeners.ports, metrics: metricsServer?.port };
    audit.append({
      accountId: undefined,
      at: clock.now(),
      actor: 'relay',
      action: 'relay.started',
      detail: { version: VERSION },
    });
    logger.info({ ...ports, origin: facts.origin, domain }, 'relay ready');

    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      listeners.stop();
      for (const link of table.all()) link.drain(DRAIN_RETURN_MS);
      await api.close();
      await Promise.race([
        door.idle(),
        new Promise<void>((resolve) => clock.after(limits.drainSeconds * 1000, resolve)),
      ]);
      table.endWhere(() => true, 'the relay stopped');
      await stack.close();
    };
    return {
      ports,
      facts,
      accounts,
      enrolmentTokens,
      links: table,
      /** Makes the link for the first account; undefined when there is an account. */
      setupUrl: async () => {
        const token = await setupLink.prepare();
        return token === undefined ? undefined : `${facts.origin}/setup?token=${token}`;
      },
      /** A link that signs in to an account once, within `ttlMs`. */
      signInUrl: (accountId: string, ttlMs: number) =>
        `${facts.origin}/sign-in?link=${links.create(accountId, ttlMs)}`,
      /** Drains and stops; idempotent. */
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

function consoleOrigin(
  secure: boolean,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string {
  const host = headers[':authority'] ?? headers['host'];
  return `${secure ? 'https' : 'http'}://${String(host).toLowerCase()}`;
}
