import { PorchlightError } from '@porchlight/protocol';
import type { Identity, Person, SessionIdentity } from './identity.ts';

/** What is needed for an action, beside owning its object. */
interface Rule {
  /** `relay`: it is about the whole relay and for admins; `owned`: about something of one account, for that account. */
  readonly about: 'owned' | 'relay';
  /** Only for a person in a browser: what an access token could use to outlive its revocation. */
  readonly sessionOnly: boolean;
}

const owned: Rule = { about: 'owned', sessionOnly: false };
const ownedInBrowser: Rule = { about: 'owned', sessionOnly: true };

/** Every action there is, with who may do it. */
const RULES = {
  'account:read': owned,
  'ssh-key:read': owned,
  'ssh-key:change': ownedInBrowser,
  /** An app password acts as the account, for as long as nobody revokes it. */
  'app-password:change': ownedInBrowser,
  'mqtt-credential:change': owned,
  'account:secure': ownedInBrowser,
  'accounts:read': { about: 'relay', sessionOnly: false },
  'accounts:change': { about: 'relay', sessionOnly: true },
  'device:read': owned,
  'device:change': owned,
  'device:enrol': owned,
  'device:kick': owned,
  'device:block': owned,
  'device:remove': owned,
  'service:change': owned,
  'service:probe': owned,
  'service:visit': owned,
  'forward:read': owned,
  'forward:change': owned,
  /** A channel to a port of the device, over an operator's own SSH connection. */
  'device:reach': owned,
  'device:shell': owned,
  'path-route:read': owned,
  'path-route:change': owned,
  'join-request:read': owned,
  'join-request:answer': owned,
  'enrolment-token:read': owned,
  'enrolment-token:change': owned,
  'audit:read': owned,
  'events:read': owned,
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof RULES;

/** What an action is done to: something that belongs to an account, or the relay itself. */
export type Subject = { readonly accountId: string } | 'relay';

/**
 * The one place that decides what an identity may do. Gives the identity as a person, or throws PorchlightError:
 * `not_signed_in` for nobody, `not_found` for something of another account (never `forbidden`, which would tell that
 * it exists), `forbidden` for want of a role or of a browser session.
 */
export function authorise(identity: Identity, action: Action, subject: Subject): Person {
  if (identity.kind === 'anonymous') throw new PorchlightError('not_signed_in');
  const rule: Rule = RULES[action];
  if (rule.about === 'relay') {
    if (subject !== 'relay') throw new PorchlightError('not_found');
    if (identity.role !== 'admin') throw new PorchlightError('forbidden', 'This is for admins of the relay');
  } else if (subject === 'relay' || subject.accountId !== identity.accountId) {
    throw new PorchlightError('not_found');
  }
  if (rule.sessionOnly && identity.kind !== 'session') {
    throw new PorchlightError('forbidden', 'This is done in a browser only: sign in to the dashboard');
  }
  return identity;
}

/** As {@link authorise}, before the object is known: whether the identity could do the action to things of its own. */
export function authoriseInGeneral(identity: Identity, action: Action): Person {
  if (identity.kind === 'anonymous') throw new PorchlightError('not_signed_in');
  const subject = RULES[action].about === 'relay' ? 'relay' : { accountId: identity.accountId };
  return authorise(identity, action, subject);
}

/** The session behind a person that an action for browsers only has let through. */
export function sessionOf(person: Person): SessionIdentity {
  if (person.kind !== 'session') throw new PorchlightError('forbidden');
  return person;
}
