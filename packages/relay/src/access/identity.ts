import type { Role } from '@porchlight/protocol/api';

/** Somebody signed in in a browser. */
export interface SessionIdentity {
  readonly kind: 'session';
  readonly accountId: string;
  readonly accountName: string;
  readonly role: Role;
  readonly sessionId: string;
}

/** A program that acts as an account. */
export interface AccessTokenIdentity {
  readonly kind: 'access-token';
  readonly accountId: string;
  readonly accountName: string;
  readonly role: Role;
  readonly tokenId: string;
}

/** Somebody who logged in over SSH with a key of their account. */
export interface SshKeyIdentity {
  readonly kind: 'ssh-key';
  readonly accountId: string;
  readonly accountName: string;
  readonly role: Role;
  readonly keyId: string;
}

/** Who asks, resolved once for each request. A new kind of grant becomes a new member, with its rules in `authorise`. */
export type Identity = Person | { readonly kind: 'anonymous' };

/** An identity that stands for an account. */
export type Person = SessionIdentity | AccessTokenIdentity | SshKeyIdentity;

export const ANONYMOUS: Identity = Object.freeze({ kind: 'anonymous' });
