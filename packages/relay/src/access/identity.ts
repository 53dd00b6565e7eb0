import type { Role } from '@porchlight/protocol/api';
import type { Grant } from './grant.ts';

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
  /** Of a personal access token, or of the grant that an OAuth app has. */
  readonly tokenId: string;
  /** Undefined: all that the account may do, but for what is done in a browser only. */
  readonly grant?: Grant | undefined;
  /** Of a personal token, ms since 1970: what is open ends then. An app's is refreshed; what it has open ends with its grant. */
  readonly endsAt?: number | undefined;
}

/** Somebody who logged in over SSH with a key of their account. */
export interface SshKeyIdentity {
  readonly kind: 'ssh-key';
  readonly accountId: string;
  readonly accountName: string;
  readonly role: Role;
  readonly keyId: string;
}

/** A stranger who opened a share link: known for one service, and for nothing else. */
export interface ShareVisitor {
  readonly kind: 'share';
  readonly accountId: string;
  readonly shareId: string;
  readonly deviceId: string;
  readonly service: string;
  readonly scope: 'read' | 'write';
  /** Ms since 1970; undefined: it does not end by itself. */
  readonly expiresAt: number | undefined;
  /** What the link's maker calls it. */
  readonly name: string;
}

/** Who visits a published host. */
export type Visitor = Identity | ShareVisitor;

/** Who asks, resolved once for each request. */
export type Identity = Person | { readonly kind: 'anonymous' };

/** An identity that stands for an account. */
export type Person = SessionIdentity | AccessTokenIdentity | SshKeyIdentity;

/** What a person's program is held to; undefined: to nothing. */
export function grantOf(person: Person): Grant | undefined {
  return person.kind === 'access-token' ? person.grant : undefined;
}

export const ANONYMOUS: Identity = Object.freeze({ kind: 'anonymous' });
