import { PorchlightError, type Scope } from '@porchlight/protocol';
import { reaches } from './grant.ts';
import { grantOf, type Identity, type Person, type SessionIdentity, type ShareVisitor } from './identity.ts';

/** What is needed for an action, beside owning its object. */
interface Rule {
  /** `relay`: it is about the whole relay and for admins; `owned`: about something of one account, for that account. */
  readonly about: 'owned' | 'relay';
  /** What a program's grant must have; `none`: any grant; `browser`: no program, since it could outlive its revocation. */
  readonly scope: Scope | 'none' | 'browser';
  /**
   * How much a narrowed grant must reach: the `account` itself, which none does; the `whole` device; the device at
   * least in `part`; the `service`. `any`: the answer is narrowed instead.
   */
  readonly reach: 'any' | 'account' | 'whole' | 'part' | 'service';
}

const browser: Rule = { about: 'owned', scope: 'browser', reach: 'account' };
const needs = (scope: Rule['scope'], reach: Rule['reach']): Rule => ({ about: 'owned', scope, reach });

/** Every action there is, with who may do it. */
const RULES = {
  'account:read': needs('none', 'any'),
  'ssh-key:read': needs('manage', 'account'),
  'ssh-key:change': browser,
  'app-password:read': needs('manage', 'account'),
  /** An app password acts as the account, for as long as nobody revokes it. */
  'app-password:change': browser,
  /** Making one is for browsers: see above. */
  'app-password:revoke': needs('manage', 'account'),
  'mqtt-credential:change': needs('manage', 'whole'),
  'mqtt-connection:read': needs('read', 'part'),
  'mqtt-connection:end': needs('manage', 'whole'),
  'account:secure': browser,
  'access-token:read': needs('manage', 'account'),
  /** Making one is done in a browser only. */
  'access-token:revoke': needs('manage', 'account'),
  'app:read': needs('manage', 'account'),
  /** An app's new callback or secret works after the program that made it is revoked. */
  'app:change': browser,
  'app-grant:read': needs('manage', 'account'),
  'app-grant:revoke': needs('manage', 'account'),
  'app:allow': browser,
  'accounts:read': { about: 'relay', scope: 'manage', reach: 'account' },
  'accounts:change': { about: 'relay', scope: 'browser', reach: 'account' },
  /** Answers are narrowed to what the grant reaches. */
  'device:read': needs('read', 'part'),
  'device:change': needs('manage', 'whole'),
  'device:enrol': needs('manage', 'account'),
  'device:kick': needs('manage', 'whole'),
  'device:block': needs('manage', 'whole'),
  'device:remove': needs('manage', 'whole'),
  'service:change': needs('manage', 'service'),
  'service:probe': needs('read', 'service'),
  /** By a method that only reads. */
  'service:visit': needs('read', 'service'),
  /** By any method, WebSockets included. */
  'service:operate': needs('write', 'service'),
  /** Lists are narrowed to what the grant reaches. */
  'forward:read': needs('shell', 'part'),
  'forward:change': needs('shell', 'service'),
  /** A channel to a port or service of the device: over an operator's own SSH connection, or in a WebSocket. */
  'device:reach': needs('shell', 'service'),
  /** Lists are narrowed to what the grant reaches. */
  'share:read': needs('manage', 'part'),
  'share:change': needs('manage', 'service'),
  'device:shell': needs('shell', 'whole'),
  'path-route:read': needs('manage', 'account'),
  'path-route:change': needs('manage', 'account'),
  'join-request:read': needs('manage', 'account'),
  'join-request:answer': needs('manage', 'account'),
  /** Who asks a base station to be let in; lists are narrowed to what the grant reaches. */
  'lan-request:read': needs('manage', 'whole'),
  'lan-request:answer': needs('manage', 'whole'),
  'lan-device:read': needs('read', 'whole'),
  'enrolment-token:read': needs('manage', 'account'),
  'enrolment-token:change': needs('manage', 'account'),
  'audit:read': needs('manage', 'account'),
  /** Events are narrowed to what the grant reaches. */
  'events:read': needs('read', 'any'),
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof RULES;

/**
 * What an action is done to: something that belongs to an account, or the relay itself. Of a device or a service it
 * names these too; without them a grant that is narrowed to devices is refused.
 */
export type Subject =
  | { readonly accountId: string; readonly deviceId?: string; readonly service?: string | undefined }
  | 'relay';

/**
 * The one place that decides what an identity may do. Gives the identity as a person, or throws PorchlightError:
 * `not_signed_in` for nobody, `not_found` for something of another account or beyond the grant (never `forbidden`,
 * which would tell that it exists), `forbidden` for want of a role or of a browser session, `scope_missing`.
 */
export function authorise(identity: Identity, action: Action, subject: Subject): Person {
  const person = authoriseInGeneral(identity, action);
  const rule: Rule = RULES[action];
  if (rule.about === 'relay') {
    if (subject !== 'relay') throw new PorchlightError('not_found');
    return person;
  }
  if (subject === 'relay' || subject.accountId !== person.accountId) throw new PorchlightError('not_found');
  const grant = grantOf(person);
  if (grant === undefined || rule.reach === 'any') return person;
  const { deviceId, service } = subject;
  const how = rule.reach === 'service' ? { service } : rule.reach === 'part' ? 'part' : 'whole';
  if (!reaches(grant, deviceId, how)) throw new PorchlightError('not_found');
  return person;
}

/**
 * Whether somebody who came by a share link may use a service so. Throws PorchlightError: `not_signed_in` at any other
 * service (to which the visitor is nobody), `scope_missing` for more than reading by a link for reading.
 */
export function authoriseShare(
  share: ShareVisitor,
  scope: 'read' | 'write',
  subject: { readonly accountId: string; readonly deviceId: string; readonly service: string },
): void {
  const { accountId, deviceId, service } = subject;
  if (share.accountId !== accountId || share.deviceId !== deviceId || share.service !== service) {
    throw new PorchlightError('not_signed_in');
  }
  if (scope === 'write' && share.scope === 'read') {
    throw new PorchlightError('scope_missing', 'This link is for looking only', { detail: { scope } });
  }
}

/** As {@link authorise}, before the object is known: whether the identity could do the action to things of its own. */
export function authoriseInGeneral(identity: Identity, action: Action): Person {
  if (identity.kind === 'anonymous') throw new PorchlightError('not_signed_in');
  const { about, scope, reach }: Rule = RULES[action];
  if (about === 'relay' && identity.role !== 'admin') {
    throw new PorchlightError('forbidden', 'This is for admins of the relay');
  }
  if (scope === 'browser') {
    if (identity.kind === 'session') return identity;
    throw new PorchlightError('forbidden', 'This is done in a browser only: sign in to the dashboard');
  }
  const grant = grantOf(identity);
  if (grant === undefined) return identity;
  if (scope !== 'none' && !grant.scopes.has(scope)) {
    throw new PorchlightError('scope_missing', `This needs the scope "${scope}"`, { detail: { scope } });
  }
  if (reach === 'account' && grant.devices !== undefined) {
    throw new PorchlightError('scope_missing', 'This needs access to all devices, not to some', {
      detail: { scope },
    });
  }
  return identity;
}

/** The session behind a person that an action for browsers only has let through. */
export function sessionOf(person: Person): SessionIdentity {
  if (person.kind !== 'session') throw new PorchlightError('forbidden');
  return person;
}
