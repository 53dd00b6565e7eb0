/** For tests of the API: the real thing on given stores, with small stand-ins for links and forwards. */
import { PorchlightError } from '@porchlight/protocol';
import type { Forward, LinkState, ProbeResult } from '@porchlight/protocol/api';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { type AccessTokenStore, AccessTokens, Identities } from '../access/index.ts';
import {
  type AccountStore,
  Accounts,
  Passwords,
  type SessionStore,
  Sessions,
  SetupLink,
  SignIn,
  SignInLinks,
  type SshKeyStore,
  SshKeys,
} from '../accounts/index.ts';
import { LinkButtons } from '../adapters/index.ts';
import { AuditLog, type AuditStore } from '../audit/index.ts';
import { BaseStationTable } from '../base-stations/index.ts';
import type { Clock } from '../clock.ts';
import type { SecretStore } from '../config/secret-store.ts';
import {
  type DeviceStore,
  type HealthStore,
  type ReadingStore,
  Readings,
  type ServiceStore,
} from '../devices/index.ts';
import type { Question } from '../emoncms/index.ts';
import {
  type EnrolmentTokenStore,
  EnrolmentTokens,
  JoinRequestTable,
  KeyEnrolment,
} from '../enrolment/index.ts';
import { createEventBus } from '../events.ts';
import type { ForwardAsker, Forwards, ForwardWish } from '../forward/forwards.ts';
import type { LiveLinks } from '../links/index.ts';
import { type MqttConnection, type MqttCredentialStore, MqttCredentials } from '../mqtt/index.ts';
import {
  type AppGrantStore,
  AppGrants,
  type AppStore,
  Apps,
  AuthorizationServer,
  Consents,
  type OAuthRecordStore,
  SigningKeys,
} from '../oauth/index.ts';
import { PathChecks, type PathRouteStore, PathRoutes } from '../publish/index.ts';
import { newId } from '../secrets.ts';
import { type ShareStore, Shares } from '../shares/index.ts';
import { buildApp } from './create-api.ts';
import type { ApiDeps } from './deps.ts';

export const ORIGIN = 'https://relay.example';
export const PASSWORD = 'correct horse battery';

export interface RigStores {
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  readonly accessTokens: AccessTokenStore;
  readonly sshKeys: SshKeyStore;
  readonly mqttCredentials: MqttCredentialStore;
  readonly devices: DeviceStore;
  readonly services: ServiceStore;
  readonly pathRoutes: PathRouteStore;
  readonly shares: ShareStore;
  readonly health: HealthStore;
  readonly readings: ReadingStore;
  readonly enrolmentTokens: EnrolmentTokenStore;
  readonly apps: AppStore;
  readonly appGrants: AppGrantStore;
  readonly oauthRecords: OAuthRecordStore;
  readonly audit: AuditStore;
  readonly secrets: SecretStore;
}

/** Links that a test sets up and down. */
export class FakeLinks implements LiveLinks {
  readonly up = new Map<string, { state: LinkState; services: { name: string; kind: 'http' | 'tcp' }[] }>();
  readonly ended: string[] = [];
  readonly kinds: string[] = [];
  probed: ProbeResult = { ok: true, took: 3 };

  state(deviceId: string) {
    return this.up.get(deviceId)?.state;
  }

  services(deviceId: string) {
    return this.up.get(deviceId)?.services;
  }

  lastEnd() {
    return undefined;
  }

  bytes(deviceId: string) {
    return this.up.has(deviceId) ? { in: 10, out: 20 } : { in: 0, out: 0 };
  }

  probe() {
    return Promise.resolve(this.probed);
  }

  setKind(deviceId: string, service: string, kind: string) {
    this.kinds.push(`${deviceId} ${service} ${kind}`);
  }

  end(deviceId: string) {
    this.up.delete(deviceId);
    this.ended.push(deviceId);
  }
}

class FakeForwards implements Forwards {
  readonly open_ = new Map<string, Forward & { accountId: string }>();
  readonly options = { maxMinutes: 1440, binds: ['127.0.0.1'] };

  list(accountId: string, deviceId?: string) {
    return [...this.open_.values()]
      .filter((one) => one.accountId === accountId)
      .filter((one) => deviceId === undefined || one.deviceId === deviceId);
  }

  get(accountId: string, id: string) {
    const found = this.open_.get(id);
    return found?.accountId === accountId ? found : undefined;
  }

  open(by: ForwardAsker, { device, target, minutes }: ForwardWish) {
    if (minutes === 13) return Promise.reject(new PorchlightError('device_offline'));
    const made = {
      ...{ id: newId(), accountId: by.accountId, deviceId: device.id, deviceName: device.name },
      ...('service' in target ? { service: target.service } : { devicePort: target.port }),
      ...{ state: 'open' as const, since: 1, host: 'relay.example', port: 20_000, bind: '127.0.0.1' },
      ...{ address: 'relay.example:20000', allow: [], createdBy: by.accountName, createdAt: 1, expiresAt: 2 },
      ...{ connections: 0, connectionsTotal: 0, refused: 0, bytesIn: 0, bytesOut: 0 },
    };
    this.open_.set(made.id, made);
    return Promise.resolve(made);
  }

  close(accountId: string, id: string) {
    return Promise.resolve(this.open_.get(id)?.accountId === accountId && this.open_.delete(id));
  }
}

/** An emoncms that has nothing yet. */
const emptyEmoncms = {
  ask: <T extends object>(_ask: unknown, question: Question<T>) => {
    const answer = question.target.startsWith('/feed/getmeta') ? { start_time: 1 } : [];
    return Promise.resolve({ at: 1, ...question.parse(answer) });
  },
  forget: () => undefined,
};

export type Rig = Awaited<ReturnType<typeof createRig>>;

/** One set of accounts for a rig: `ann` is admin, `bob` and `eve` are members. */
export async function createRig(parts: { stores: RigStores; clock: Clock; people?: boolean }) {
  const { stores, clock } = parts;
  const errors: unknown[] = [];
  const events = createEventBus((error) => errors.push(error));
  const audit = new AuditLog({ store: stores.audit, clock, onError: (error) => errors.push(error) });
  const passwords = new Passwords();
  const sessions = new Sessions({ store: stores.sessions, clock, events });
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
    onAttempt: () => undefined,
  });
  const accessTokens = new AccessTokens({ store: stores.accessTokens, audit, events, clock });
  const sshKeys = new SshKeys({
    store: stores.sshKeys,
    deviceOwner: async (fingerprint) => (await stores.devices.byFingerprint(fingerprint))?.accountId,
    audit,
    events,
    clock,
  });
  const appGrants: AppGrants = new AppGrants({
    ...{ store: stores.appGrants, records: stores.oauthRecords, audit, events, clock },
    appName: async (id) => (await apps.find(id))?.name ?? id,
  });
  const apps = new Apps({
    ...{ store: stores.apps, audit, clock },
    endGrants: (appId) => appGrants.endOfApp(appId),
  });
  const identities = new Identities({
    sessions,
    tokens: accessTokens,
    appTokens: appGrants,
    keys: sshKeys,
    accounts: stores.accounts,
    events,
    clock,
  });
  const liveLinks = new FakeLinks();
  const forwards = new FakeForwards();
  const pathRoutes = new PathRoutes({
    ...{ store: stores.pathRoutes, devices: stores.devices, audit, events, clock },
    ...{ perAccount: 3, served: true, forMembers: true },
  });
  const joinRequests = new JoinRequestTable({
    devices: stores.devices,
    audit,
    events,
    clock,
    relayFingerprint: 'SHA256:relay',
    limits: { perAddress: 10, inAll: 100, devicesPerAccount: 100 },
  });
  const readings = new Readings({
    store: stores.readings,
    events,
    clock,
    onError: (error) => errors.push(error),
  });
  const keyEnrolment = new KeyEnrolment({
    devices: stores.devices,
    personWithKey: async (fingerprint) => (await stores.sshKeys.byFingerprint(fingerprint))?.accountId,
    audit,
    events,
    clock,
    devicesPerAccount: 100,
  });
  const baseStations = new BaseStationTable({ readings, audit, events, clock });
  const mqttConnections: MqttConnection[] = [];
  const oauth = new AuthorizationServer({
    ...{ apps, grants: appGrants, identities, sessions, accounts, clock },
    records: stores.oauthRecords,
    keys: new SigningKeys({ secrets: stores.secrets, clock }),
    issuer: () => ORIGIN,
    page: (error) => error.message,
    sendFailure: (_req, res) => res.end(),
    onError: (error) => errors.push(error),
  });
  const consents = new Consents({
    ...{ provider: () => oauth.provider(), devices: stores.devices, apps, grants: appGrants, accounts },
    hueBridges: (accountId) => stores.services.hueBridges(accountId),
  });
  const linkButtons = new LinkButtons({ audit, events, clock });
  const deps: ApiDeps = {
    ...{ apps, appGrants, consents },
    linkButtons,
    accounts,
    passwords,
    sessions,
    signIn,
    setupLink,
    identities,
    accessTokens,
    sshKeys,
    mqttCredentials: new MqttCredentials({ store: stores.mqttCredentials, audit, events, clock }),
    mqttConnections: {
      of: (accountId) => mqttConnections.filter(({ identity }) => identity.accountId === accountId),
    },
    devices: stores.devices,
    services: stores.services,
    health: stores.health,
    readings,
    enrolmentTokens: new EnrolmentTokens({ store: stores.enrolmentTokens, audit, clock }),
    joinRequests,
    keyEnrolment,
    forwards,
    pathRoutes,
    pathChecks: new PathChecks({
      links: { get: () => undefined },
      pools: {
        agent() {
          throw new Error('there is no link');
        },
      },
      clock,
    }),
    shares: new Shares({ store: stores.shares, passwords, audit, events, clock }),
    emoncms: emptyEmoncms,
    baseStations,
    links: liveLinks,
    callHomes: { state: () => undefined },
    audit,
    events,
    clock,
    relay: {
      version: '0.1.0',
      domain: 'relay.example',
      origin: ORIGIN,
      startedAt: clock.now(),
      sshPort: 22,
      mqttsPort: 8883,
      hostKey: 'ssh-ed25519 AAAA',
      hostKeyFingerprint: 'SHA256:relay',
      websocketPath: '/ssh',
      agentSha256: undefined,
      localAuthority: true,
      installer: undefined,
      serviceUrl: (service, device) => `https://${service}--${device}.relay.example/`,
      pathUrl: (prefix) => `https://paths.relay.example${prefix}/`,
      paths: { origin: 'https://paths.relay.example', onConsole: false, forMembers: true },
    },
    addressOf: (request) => {
      const given = request.headers['x-test-address'];
      return typeof given === 'string' ? given : '192.0.2.1';
    },
    isSecure: () => true,
    originOf: () => ORIGIN,
    onError: (error) => errors.push(error),
  };
  const routes: { method: string; url: string }[] = [];
  const { app, live } = await buildApp(deps, ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });

  const cookies = new Map<string, string>();
  const ids = new Map<string, string>();
  if (parts.people !== false) {
    const passwordHash = await passwords.hash(PASSWORD);
    for (const [name, role] of [
      ['ann', 'admin'],
      ['bob', 'member'],
      ['eve', 'member'],
    ] as const) {
      const account = { id: newId(), name, role, passwordHash, createdAt: clock.now() };
      await stores.accounts.insert(account);
      const { secret } = await sessions.start(account.id, { address: '192.0.2.1', userAgent: 'test' });
      ids.set(name, account.id);
      cookies.set(name, `__Host-porchlight=${secret}`);
    }
  }
  const cookieOf = (name: string) => cookies.get(name) ?? '';

  return {
    oauth,
    linkButtons,
    app,
    live,
    deps,
    routes,
    errors,
    links: liveLinks,
    forwards,
    readings,
    joinRequests,
    baseStations,
    mqttConnections,
    signInLinks: links,
    cookieOf,
    idOf: (name: string) => ids.get(name) ?? '',
    /** A call as the dashboard makes it; `as` undefined: nobody. */
    call(
      as: string | undefined,
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      url: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<LightMyRequestResponse> {
      const options: InjectOptions = {
        method,
        url,
        headers: {
          ...(as === undefined ? {} : { cookie: cookieOf(as) }),
          ...(method === 'GET' ? {} : { origin: ORIGIN }),
          ...headers,
        },
      };
      return app.inject(body === undefined ? options : { ...options, payload: body as object });
    },
    /** A device of an account, with an http service `web` and a tcp service `ssh`. */
    async addDevice(owner: string, name: string): Promise<string> {
      const id = newId();
      const accountId = ids.get(owner) ?? '';
      const fingerprint = `SHA256:${id}`;
      await stores.devices.insert({
        id,
        accountId,
        name,
        tags: [],
        fingerprint,
        publicKey: `ssh-ed25519 ${id}`,
        createdAt: clock.now(),
      });
      await stores.devices.addServices(id, [
        { name: 'web', kind: 'http' },
        { name: 'ssh', kind: 'tcp' },
      ]);
      return id;
    },
    async close() {
      live.close();
      await app.close();
      identities.close();
      await readings.close();
      joinRequests.close();
      await audit.close();
    },
  };
}
