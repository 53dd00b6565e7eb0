import { PorchlightError } from '@porchlight/protocol';
import { forward, idParams, newForward, pageOf } from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';

export function forwardRoutes(endpoints: Endpoints): void {
  const { devices, forwards } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/forwards',
    summary: 'Lists the open forwards to a device.',
    action: 'forward:read',
    params: idParams,
    answer: pageOf(forward),
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'forward:read', params.id);
      return { items: forwards.list(person.accountId, device.id) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/forwards',
    summary: 'Opens a TCP port on the relay to a service of the device, for some minutes.',
    action: 'forward:change',
    limit: { capacity: 20, refillMs: 3_000 },
    params: idParams,
    body: newForward,
    answer: forward,
    status: 201,
    run: async ({ person, params, body, address }) => {
      const device = await ownDevice(devices, person, 'forward:change', params.id);
      if (serviceOf(device, body.service).kind !== 'tcp') {
        throw new PorchlightError(
          'bad_request',
          'A forward leads to a "tcp" service; open an "http" service by its address',
        );
      }
      const { accountId, accountName } = person;
      return forwards.open(
        { accountId, accountName, address },
        { deviceId: device.id, deviceName: device.name, ...body },
      );
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/forwards/:id',
    summary: 'Closes a forward and ends its connections.',
    action: 'forward:change',
    params: idParams,
    run: async ({ person, params }) => {
      if (!(await forwards.close(person.accountId, params.id))) throw new PorchlightError('not_found');
    },
  });
}
