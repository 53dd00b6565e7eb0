import type { Identity, Person } from '../access/index.ts';
import type { DeviceKey } from './device-key.ts';

/** The user name under which people come in. Their key or token says who they are. */
export const OPERATOR_USER = 'operator';

/** A person who has proven to be one. */
export interface OperatorLogin {
  readonly person: Person;
  /** By what, for the audit log: `key laptop`, `token backup`. */
  readonly by: string;
  /** Who it is now: nobody once the key, token or account is gone. */
  readonly identify: () => Promise<Identity>;
}

/** Who a client with a proven key turned out to be. */
export type Login =
  /** A device, or what wants to become one; `greeting`: what to tell it before it is let in. */
  | { readonly kind: 'device'; readonly greeting?: string | undefined }
  | { readonly kind: 'operator'; readonly operator: OperatorLogin }
  | { readonly kind: 'refused'; readonly reason: string };

/** What the SSH server asks about who logs in. */
export interface Logins {
  /** Whether to let a client prove that it holds the key, under the user name {@link OPERATOR_USER}. */
  mayProve(key: DeviceKey): Promise<boolean>;
  /** Who has this key, which was proven. Under {@link OPERATOR_USER} nobody is a device. */
  byKey(key: DeviceKey, userName: string): Promise<Login>;
  /** Who has this access token. @throws PorchlightError `too_many_requests` */
  byToken(token: string, address: string): Promise<OperatorLogin | undefined>;
}
