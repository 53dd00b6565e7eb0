import type { AccessTokenStore } from '../access/access-token-store.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { SessionStore } from '../accounts/session-store.ts';
import type { SshKeyStore } from '../accounts/ssh-key-store.ts';
import type { AuditStore } from '../audit/audit-store.ts';
import type { SecretStore } from '../config/secret-store.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import type { HealthStore } from '../devices/health-store.ts';
import type { ReadingStore } from '../devices/reading-store.ts';
import type { ServiceStore } from '../devices/service-store.ts';
import type { EnrolmentTokenStore } from '../enrolment/enrolment-token-store.ts';
import type { MqttCredentialStore } from '../mqtt/credentials/credential-store.ts';
import type { MessageStore } from '../mqtt/messages/message-store.ts';
import type { AppGrantStore } from '../oauth/app-grant-store.ts';
import type { AppStore } from '../oauth/app-store.ts';
import type { OAuthRecordStore } from '../oauth/record-store.ts';
import type { PathRouteStore } from '../publish/path-routes/path-route-store.ts';
import type { ShareStore } from '../shares/share-store.ts';

/** All stores of one database. */
export interface Stores {
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  readonly accessTokens: AccessTokenStore;
  readonly sshKeys: SshKeyStore;
  readonly devices: DeviceStore;
  readonly services: ServiceStore;
  readonly health: HealthStore;
  readonly readings: ReadingStore;
  readonly enrolmentTokens: EnrolmentTokenStore;
  readonly pathRoutes: PathRouteStore;
  readonly shares: ShareStore;
  readonly mqttCredentials: MqttCredentialStore;
  readonly mqttMessages: MessageStore;
  readonly apps: AppStore;
  readonly appGrants: AppGrantStore;
  readonly oauthRecords: OAuthRecordStore;
  readonly audit: AuditStore;
  readonly secrets: SecretStore;
  /** Waits for what is under way, then closes the database. Idempotent. */
  close(): Promise<void>;
}
