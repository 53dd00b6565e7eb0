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

/** Who asks, resolved once for each request. A new kind of grant becomes a new member, with its rules in `authorise`. */
export type Identity = SessionIdentity | AccessTokenIdentity | { readonly kind: 'anonymous' };

/** An identity that stands for an account. */
export type Person = SessionIdentity | AccessTokenIdentity;

export const ANONYMOUS: Identity = Object.freeze({ kind: 'anonymous' });
