import { PorchlightError } from '@porchlight/protocol';
import {
  type Forward,
  forward,
  forwardOptions,
  idParams,
  newForward,
  pageOf,
} from '@porchlight/protocol/api';
import { grantOf, type Person, reaches } from '../../access/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice } from '../own-device.ts';

export function forwardRoutes(endpoints: Endpoints): void {
  const { devices, forwards } = endpoints.deps;

  /** Whether the person's grant reaches what a forward leads to. */
  function isReached(person: Person, { deviceId, service }: Forward): boolean {
    const grant = grantOf(person);
    return grant === undefined || reaches(grant, deviceId, { service });
  }

  function listed(person: Person, deviceId?: string): Forward[] {
    return forwards.list(person.accountId, deviceId).filter((one) => isReached(person, one));
  }

  /** @throws PorchlightError `not_found` */
  function found(person: Person, id: string): Forward {
    const one = forwards.get(person.accountId, id);
    if (one === undefined || !isReached(person, one)) {
      throw new PorchlightError('not_found', 'There is no such forward');
    }
    return one;
  }

  endpoints.guarded({
    method: 'GET',
    url: '/api/forwards',
    summary: 'Lists the forwards of the account, to all its devices.',
    action: 'forward:read',
    answer: pageOf(forward),
    run: async ({ person }) => ({ items: listed(person) }),
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/forwards/options',
    summary: 'Tells what may be asked of forwards: how long, on which ports and addresses.',
    action: 'forward:read',
    answer: forwardOptions,
    run: async () => forwards.options,
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/forwards',
    summary: 'Lists the forwards to a device.',
    action: 'forward:read',
    params: idParams,
    answer: pageOf(forward),
    run: async ({ person, params }) => {
      const { id } = await ownDevice(devices, person, 'forward:read', params.id);
      return { items: listed(person, id) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/forwards',
    summary:
      'Opens a TCP port on the relay to a port or service of the device, for some minutes. It waits for a device that calls home.',
    action: 'forward:change',
    limit: { capacity: 20, refillMs: 3_000 },
    params: idParams,
    body: newForward,
    answer: forward,
    status: 201,
    run: async ({ person, params, body, address }) => {
      const device = await ownDevice(devices, person, 'forward:change', params.id, body.service);
      const { accountId, accountName } = person;
      const { service, port, ...wish } = body;
      const target = service === undefined ? (port === undefined ? undefined : { port }) : { service };
      if (target === undefined) throw new PorchlightError('bad_request', 'Give either a service or a port');
      const standsOn =
        person.kind === 'access-token'
          ? person.tokenId
          : person.kind === 'ssh-key'
            ? person.keyId
            : undefined;
      return forwards.open({ accountId, accountName, address, standsOn }, { ...wish, device, target });
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/forwards/:id',
    summary: 'Shows a forward.',
    action: 'forward:read',
    params: idParams,
    answer: forward,
    run: async ({ person, params }) => found(person, params.id),
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/forwards/:id',
    summary: 'Ends a forward and its connections.',
    action: 'forward:change',
    params: idParams,
    run: async ({ person, params }) => {
      const { id } = found(person, params.id);
      if (!(await forwards.close(person.accountId, id))) {
        throw new PorchlightError('not_found', 'There is no such forward');
      }
    },
  });
}
