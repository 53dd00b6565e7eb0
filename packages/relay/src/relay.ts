import type { IncomingMessage } from 'node:http';
import { nativeCipherInUse } from '@porchlight/link';
import { EmoncmsHttp, LinkButtons } from './adapters/index.ts';
import { createApi } from './api/index.ts';
import { systemClock } from './clock.ts';
import { createAddressMatcher, type RelayConfig } from './config/index.ts';
import { Console, InstallFiles, PHONE_HOME_PATH, StaticFiles } from './console/index.ts';
import { Tunnels } from './forward/index.ts';
import { createLiveLinks } from './links/index.ts';
import { createOriginReader, FrontDoor, openListeners } from './listeners/index.ts';
import { probeService } from './publish/index.ts';
import { createRelayFacts } from './relay-facts.ts';
import { loadHostKey } from './ssh/index.ts';
import { Stack } from './stack.ts';
import { createLogger, type Logger } from './telemetry/index.ts';
import { Terminals } from './terminal/index.ts';
import { openTls } from './tls/index.ts';
import { VERSION } from './version.ts';
import {
  layFoundation,
  openMetricsPage,
  wireDeviceLinks,
  wireHue,
  wireMqtt,
  wireOAuth,
  wireOperators,
  wirePeople,
  wirePublishing,
  wireSshSide,
} from './wiring/index.ts';

/** A link that drains comes back after this: a restart takes about as long. */
const DRAIN_RETURN_MS = 2_000;

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
 * Starts a relay: everything is put together here, from the data folder to the open ports; `wiring/` has the groups.
 * What was started is ended in reverse order, also when a later step fails.
 * @throws ConfigError, StorageError: one line that names the cause and the mend
 */
export async function startRelay(options: RelayOptions) {
  const stack = new Stack();
  try {
    return await start(options, stack);
  } catch (error) {
    await stack.close();
    throw error;
  }
}

async function start(options: RelayOptions, stack: Stack) {
  const { config } = options;
  const clock = systemClock;
  const logger = options.logger ?? createLogger({ ...config.log });
  const foundation = await layFoundation(config, clock, logger, stack);
  const { stores, metrics, events, audit } = foundation;
  const people = wirePeople(foundation);
  const deviceLinks = wireDeviceLinks(foundation);
  const { table, connections, callHome, recorder, readings, pools, forwards } = deviceLinks;
  await callHome.resume((await stores.health.runs(0, recorder.startedAt)).at(-1));

  const tls = await openTls({ config, secrets: stores.secrets, clock, logger: logger.child('tls') });
  stack.add(() => tls?.close());
  const hostKey = await loadHostKey(stores.secrets);
  const caPem = () => tls?.caPem();
  const installFiles = await InstallFiles.read(options.agentBundle, caPem);
  const facts = createRelayFacts({ config, hostKey, installFiles, startedAt: recorder.startedAt, caPem });
  const operators = wireOperators(foundation, deviceLinks, { facts, api: () => api });
  const { admission, enrolmentTokens, joinRequests, keyEnrolment, ssh } = wireSshSide(
    foundation,
    deviceLinks,
    people,
    {
      hostKey,
      facts,
      operators,
    },
  );
  const {
    emoncms,
    emoncmsCalls,
    shares,
    publisher,
    signOnPages,
    pathRoutes,
    pathChecks,
    admittedVisits,
    accessLog,
    passthrough,
  } = await wirePublishing(foundation, people, deviceLinks);
  const mqtt = await wireMqtt(foundation, people, deviceLinks, { admission, keyEnrolment, facts });
  const originOf = createOriginReader(createAddressMatcher(config.trustedProxies));

  const consoleOriginOf = (request: IncomingMessage): string =>
    consoleOrigin(originOf(request).secure, request.headers);

  const { oauth, consents } = wireOAuth(foundation, people, () => facts.origin);
  const linkButtons = new LinkButtons({ audit, events, clock });
  stack.add(() => linkButtons.close());
  const api = await createApi({
    ...people,
    consents,
    linkButtons,
    devices: stores.devices,
    services: stores.services,
    health: stores.health,
    readings,
    enrolmentTokens,
    joinRequests,
    keyEnrolment,
    mqttCredentials: mqtt.credentials,
    mqttConnections: { of: (accountId) => mqtt.broker.connectionsOf(accountId) },
    forwards,
    pathRoutes,
    pathChecks,
    shares,
    emoncms,
    baseStations: deviceLinks.baseStations,
    links: createLiveLinks({
      links: table,
      lastEnd: (deviceId) => recorder.downSince(deviceId),
      endAll: (deviceId, reason) => connections.end(deviceId, reason),
      unwrittenBytes: (link) => recorder.unwrittenBytes(link),
      async ask(link, service, signal) {
        const error = await probeService(pools, link, service, signal);
        recorder.noteService({ id: link.deviceId, accountId: link.accountId }, service.name, error);
        return error;
      },
    }),
    callHomes: callHome,
    audit,
    events,
    clock,
    relay: facts,
    addressOf: (request) => originOf(request).address,
    isSecure: (request) => originOf(request).secure,
    originOf: consoleOriginOf,
    onError: (error, requestId) => logger.error({ error, requestId }, 'API call failed'),
  });
  stack.add(() => api.close());
  const terminals = new Terminals({
    identities: people.identities,
    devices: stores.devices,
    ports: deviceLinks.devicePorts,
    audit,
    events,
    clock,
    onError: (error) => logger.error({ error }, 'session of a terminal not checked'),
  });
  stack.add(() => terminals.close());
  const tunnels = new Tunnels({
    identities: people.identities,
    devices: stores.devices,
    ports: deviceLinks.devicePorts,
    audit,
    events,
    clock,
    onError: (error) => logger.error({ error }, 'tunnel failed'),
  });
  stack.add(() => tunnels.close());
  const console = new Console({
    api,
    terminals,
    tunnels,
    originOf: consoleOriginOf,
    identities: people.identities,
    signOnPages,
    dashboard: options.dashboard === undefined ? undefined : await StaticFiles.read(options.dashboard),
    installFiles,
    onSsh: (socket, address, transport) => ssh.accept(socket, address, transport),
    mqtt: mqtt.webSockets,
    oauth,
    emoncms: new EmoncmsHttp({
      homes: {
        links: table,
        devices: stores.devices,
        serves: (deviceId) => mqtt.emoncmsClients.serves(deviceId),
      },
      calls: emoncmsCalls,
      serviceUrl: (service, device) => facts.serviceUrl(service, device),
      identities: people.identities,
      checkPassword: (given, from) => people.signIn.check(given, from),
      originOf: consoleOriginOf,
      clock,
    }),
    meter: metrics.requests.console,
  });
  const door = new FrontDoor({
    domain: config.domain,
    paths: config.paths,
    httpsPort: () => facts.httpsPort,
    // Of the relay's own authority a browser may know nothing.
    strictTransport: config.tls.certificate !== undefined,
    originOf,
    hashCheckedPaths: new Set([PHONE_HOME_PATH]),
    console,
    hue: wireHue(foundation, people, {
      ...{ oauth, visits: admittedVisits, buttons: linkButtons },
      origin: () => facts.origin,
    }),
    publisher,
  });

  const listeners = await openListeners({
    config,
    tls,
    clock,
    onRequest: (req, res) => door.handle(req, res),
    onUpgrade: (req, socket, head) => door.handleUpgrade(req, socket, head),
    onSsh: (socket, address, transport) => ssh.accept(socket, address, transport),
    onMqtt: (socket, from) => mqtt.broker.accept(socket, from),
    passthrough,
  });
  stack.add(() => listeners.close());
  facts.setPorts(listeners.ports);
  const metricsPage = await openMetricsPage(foundation);
  const ports = { ...listeners.ports, metrics: metricsPage?.port };
  audit.append({
    accountId: undefined,
    at: clock.now(),
    actor: 'relay',
    action: 'relay.started',
    detail: { version: VERSION },
  });
  const nativeCipher = nativeCipherInUse();
  logger.info({ ...ports, origin: facts.origin, domain: config.domain, nativeCipher }, 'relay ready');
  if (!nativeCipher) logger.warn({}, 'the native cipher is not in use: bulk transfers run at half speed');

  const drainAndStop = async (): Promise<void> => {
    listeners.stop();
    for (const link of table.all()) link.drain(DRAIN_RETURN_MS);
    await api.close();
    const patience = new Promise<void>((resolve) => clock.after(config.limits.drainSeconds * 1000, resolve));
    await Promise.race([door.idle(), patience]);
    table.endWhere(() => true, 'the relay stopped');
    await stack.close();
  };
  let closing: Promise<void> | undefined;
  return {
    ports,
    facts,
    accounts: people.accounts,
    enrolmentTokens,
    links: table,
    /** Makes the link for the first account; undefined when there is an account. */
    setupUrl: async () => {
      const token = await people.setupLink.prepare();
      return token === undefined ? undefined : `${facts.origin}/setup?token=${token}`;
    },
    /** A link that signs in to an account once, within `ttlMs`. */
    signInUrl: (accountId: string, ttlMs: number) =>
      `${facts.origin}/sign-in?link=${people.signInLinks.create(accountId, ttlMs)}`,
    /** Opens log files anew: another program has moved them. */
    reopenLogs: async () => accessLog?.reopen(),
    /** Drains and stops; idempotent. */
    close: () => (closing ??= drainAndStop()),
  };
}

function consoleOrigin(
  secure: boolean,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string {
  const host = headers[':authority'] ?? headers['host'];
  return `${secure ? 'https' : 'http'}://${String(host).toLowerCase()}`;
}
