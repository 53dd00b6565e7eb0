import type { IncomingMessage } from 'node:http';
import { PorchlightError, scopeOfRequest } from '@porchlight/protocol';
import { overridesRequest } from '@porchlight/protocol/policy';
import type { ServiceRecord } from '../devices/index.ts';
import { authorise, authoriseShare } from './authorise.ts';
import type { BasicCheck } from './basic-passwords.ts';
import type { Visitor } from './identity.ts';

/** Who the device is told is visiting; neither for `public` and `basic`. */
export interface Visit {
  readonly person: string | undefined;
  readonly role: 'owner' | undefined;
  /** The share link that let the visitor in, by its name. */
  readonly share?: string;
}

const UNNAMED: Visit = Object.freeze({ person: undefined, role: undefined });

/** What a request does at a service: a `GET` that has some servers take it for another method is no reading. */
export function scopeOfVisit({
  method,
  headers,
}: Pick<IncomingMessage, 'method' | 'headers'>): 'read' | 'write' {
  if (Object.keys(headers).some(overridesRequest)) return 'write';
  return scopeOfRequest(method, headers.upgrade !== undefined);
}

/**
 * Whether a visitor may open a service, by its access mode. `scope`: what the request does there. `basic` is what
 * {@link BasicPasswords.check} found; it matters for that mode only. Throws PorchlightError: `not_signed_in`,
 * `wrong_credentials` (mode `basic`), `not_found` (the device is another account's, or beyond the token's grant),
 * `scope_missing`.
 */
export function authoriseVisit(
  identity: Visitor,
  device: { readonly accountId: string; readonly id: string },
  service: Pick<ServiceRecord, 'access' | 'name'>,
  scope: 'read' | 'write',
  basic: BasicCheck = 'absent',
): Visit {
  if (service.access === 'public') return UNNAMED;
  const subject = { accountId: device.accountId, deviceId: device.id, service: service.name };
  if (identity.kind === 'share') {
    authoriseShare(identity, scope, subject);
    return { ...UNNAMED, share: identity.name };
  }
  if (service.access === 'basic') {
    if (basic === 'right') return UNNAMED;
    throw basic === 'wrong'
      ? new PorchlightError('wrong_credentials')
      : new PorchlightError('not_signed_in', 'This service asks for a user name and password');
  }
  const action = scope === 'read' ? 'service:visit' : 'service:operate';
  const owner = authorise(identity, action, subject);
  if (service.access === 'token' && owner.kind !== 'access-token') {
    throw new PorchlightError('not_signed_in', 'This service is for programs with an access token');
  }
  return { person: owner.accountName, role: 'owner' };
}
