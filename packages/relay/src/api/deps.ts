import type { IncomingMessage } from 'node:http';
import type { Installer } from '@porchlight/protocol';
import type { Me } from '@porchlight/protocol/api';
import type { AccessTokens, Identities } from '../access/index.ts';
import type { Accounts, Passwords, Sessions, SetupLink, SignIn, SshKeys } from '../accounts/index.ts';
import type { LinkButtons } from '../adapters/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { BaseStations } from '../base-stations/index.ts';
import type { CallHome } from '../call-home/index.ts';
import type { Clock } from '../clock.ts';
import type { DeviceStore, HealthStore, Readings, ServiceStore } from '../devices/index.ts';
import type { EmoncmsView } from '../emoncms/index.ts';
import type { EnrolmentTokens, JoinRequests, KeyEnrolment } from '../enrolment/index.ts';
import type { EventBus } from '../events.ts';
import type { Forwards } from '../forward/forwards.ts';
import type { LiveLinks } from '../links/index.ts';
import type { MqttConnection, MqttCredentials } from '../mqtt/index.ts';
import type { AppGrants, Apps, Consents } from '../oauth/index.ts';
import type { PathChecks, PathRoutes } from '../publish/index.ts';
import type { Shares } from '../shares/index.ts';

/** What the API tells about the relay itself. Read at each use: ports are known only once they are open. */
export interface RelayFacts {
  readonly version: string;
  readonly domain: string;
  /** Origin of the console, e.g. `https://relay.example`. */
  readonly origin: string;
  /** When this process began to serve, ms since 1970. */
  readonly startedAt: number;
  readonly sshPort: number | undefined;
  readonly mqttsPort: number | undefined;
  /** `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  readonly hostKeyFingerprint: string;
  readonly websocketPath: string;
  readonly agentSha256: string | undefined;
  readonly localAuthority: boolean;
  /** The one-line installer for devices with nothing but ssh; undefined: no port is known for it. */
  readonly installer: Installer | undefined;
  /** Where people open an `http` service; `overTls`: one whose TLS ends on the device. */
  serviceUrl(service: string, device: string, overTls?: boolean): string;
  /** Where people open what is published under a path. */
  pathUrl(prefix: string): string;
  /** Where path routes are; undefined: none are served. */
  readonly paths: Me['relay']['paths'];
}

export interface ApiDeps {
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly setupLink: SetupLink;
  readonly identities: Identities;
  readonly accessTokens: AccessTokens;
  /** Writes the audit entries of its own changes. */
  readonly apps: Apps;
  /** Writes the audit entries of its own changes. */
  readonly appGrants: AppGrants;
  readonly consents: Consents;
  readonly linkButtons: Pick<LinkButtons, 'list' | 'answer'>;
  readonly sshKeys: SshKeys;
  /** Writes the audit entries of its own changes. */
  readonly mqttCredentials: MqttCredentials;
  /** MQTT clients of an account that are connected now. */
  readonly mqttConnections: { of(accountId: string): Iterable<MqttConnection> };
  readonly devices: DeviceStore;
  readonly services: ServiceStore;
  readonly health: HealthStore;
  readonly readings: Pick<Readings, 'of'>;
  readonly enrolmentTokens: EnrolmentTokens;
  /** Writes the audit entries of its own changes. */
  readonly keyEnrolment: KeyEnrolment;
  /** Writes the audit entries of its own changes. */
  readonly joinRequests: JoinRequests;
  /** Writes the audit entries of its own changes. */
  readonly forwards: Forwards;
  /** Writes the audit entries of its own changes. */
  readonly pathRoutes: PathRoutes;
  readonly pathChecks: PathChecks;
  /** Writes the audit entries of its own changes. */
  readonly shares: Shares;
  readonly emoncms: Pick<EmoncmsView, 'ask' | 'forget'>;
  /** Writes the audit entries of its own changes. */
  readonly baseStations: BaseStations;
  readonly links: LiveLinks;
  readonly callHomes: Pick<CallHome, 'state'>;
  readonly audit: AuditLog;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly relay: RelayFacts;
  /** The visitor's address. */
  addressOf(request: IncomingMessage): string;
  /** The request came over TLS. */
  isSecure(request: IncomingMessage): boolean;
  /** Origin of the console on the listener that the request came to: what a browser there sends as `Origin`. */
  originOf(request: IncomingMessage): string;
  /** Hears of what became `internal` for a caller. */
  onError(error: unknown, requestId: string): void;
}
