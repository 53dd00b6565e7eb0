import {
  allowance,
  denial,
  device,
  enrolmentToken,
  idParams,
  joinRequest,
  joinRequestQuery,
  madeEnrolmentToken,
  newEnrolmentToken,
  pageOf,
} from '@porchlight/protocol/api';
import type { Person } from '../../access/index.ts';
import type { JoinRequestViewer } from '../../enrolment/index.ts';
import { deviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { enrolmentTokenView } from '../views.ts';

/** How devices get in: join requests, and tokens. */
export function enrolmentRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { joinRequests, enrolmentTokens } = deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/join-requests',
    summary: 'Lists the pending join requests, or finds the one whose code the device shows.',
    action: 'join-request:read',
    // Bounds the guessing of codes.
    limit: { capacity: 60, refillMs: 1_000 },
    query: joinRequestQuery,
    answer: pageOf(joinRequest),
    run: async ({ person, query: { code }, address }) => {
      const viewer = viewerOf(person, address);
      if (code === undefined) return { items: joinRequests.list(viewer) };
      const found = joinRequests.findByCode(viewer, code);
      return { items: found === undefined ? [] : [found] };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/join-requests/:id/allow',
    summary: 'Lets the device in.',
    action: 'join-request:answer',
    limit: { capacity: 30, refillMs: 1_000 },
    params: idParams,
    body: allowance,
    answer: device,
    run: async ({ person, params, body, address }) =>
      deviceView(await joinRequests.allow(viewerOf(person, address), params.id, body), deps),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/join-requests/:id/deny',
    summary: 'Turns the device away.',
    action: 'join-request:answer',
    limit: { capacity: 30, refillMs: 1_000 },
    params: idParams,
    body: denial,
    run: ({ person, params, body, address }) =>
      joinRequests.deny(viewerOf(person, address), params.id, body.code),
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/enrolment-tokens',
    summary: 'Lists the enrolment tokens, with the expired and used-up ones.',
    action: 'enrolment-token:read',
    answer: pageOf(enrolmentToken),
    run: async ({ person }) => {
      const tokens = await enrolmentTokens.list(person.accountId);
      return { items: tokens.map((token) => enrolmentTokenView(token)) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/enrolment-tokens',
    summary: 'Makes an enrolment token; the answer alone has it.',
    action: 'enrolment-token:change',
    limit: { capacity: 30, refillMs: 2_000 },
    body: newEnrolmentToken,
    answer: madeEnrolmentToken,
    status: 201,
    run: async ({ person, body, address }) => {
      const { record, token } = await enrolmentTokens.make({ ...person, address }, body);
      return { ...enrolmentTokenView(record), token };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/enrolment-tokens/:id',
    summary: 'Revokes an enrolment token; devices it let in stay.',
    action: 'enrolment-token:change',
    params: idParams,
    run: ({ person, params, address }) => enrolmentTokens.revoke({ ...person, address }, params.id),
  });
}

function viewerOf(person: Person, address: string): JoinRequestViewer {
  const { accountId, accountName, role } = person;
  return { accountId, accountName, admin: role === 'admin', address };
}
