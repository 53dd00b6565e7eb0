/** Who a connection is, settled once when it comes in. */
export interface MqttIdentity {
  /** `account`: name and password. `app-password`: in an account's place. `device`: itself. `join`: asks to be let in. */
  readonly kind: 'account' | 'app-password' | 'device' | 'join';
  /** What client ids are confined to: the same client id in two scopes is two clients. */
  readonly scope: string;
  /** For logs: `ann`, `ann (kitchen)`, `device:shed`. */
  readonly label: string;
  /** Undefined: joining. */
  readonly accountId: string | undefined;
  /** The device itself, or the home that an app password names. */
  readonly deviceId: string | undefined;
  /** Its name when the connection came; undefined where `deviceId` is. */
  readonly deviceName: string | undefined;
  /** The credential by which it came, if it was one that can be revoked. */
  readonly credentialId: string | undefined;
  /** The topics that it owns begin so. */
  readonly prefixes: readonly string[];
}

/** Whose a client id of the broker is, read from its scope. */
export interface ClientOwner {
  readonly accountId: string;
  /** A device's own session, which goes with the device. */
  readonly deviceId: string | undefined;
  /** An app password's session, which goes with the password. */
  readonly credentialId: string | undefined;
}

const SCOPE = /^(a|p|d):([^:/]+)(?::([^:/]+))?\//;

export function accountScope(accountId: string): string {
  return `a:${accountId}/`;
}

export function appPasswordScope(accountId: string, credentialId: string): string {
  return `p:${accountId}:${credentialId}/`;
}

export function deviceScope(accountId: string, deviceId: string): string {
  return `d:${accountId}:${deviceId}/`;
}

/** The owner of a client id as the broker knows it: scope, then what the client called itself. */
export function ownerOf(clientId: string): ClientOwner | undefined {
  const [, kind, accountId, second] = SCOPE.exec(clientId) ?? [];
  if (accountId === undefined) return undefined;
  return {
    accountId,
    deviceId: kind === 'd' ? second : undefined,
    credentialId: kind === 'p' ? second : undefined,
  };
}
