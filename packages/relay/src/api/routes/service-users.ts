import { PorchlightError } from '@porchlight/protocol';
import { basicUserParams, basicUserPassword, service } from '@porchlight/protocol/api';
import type { Person } from '../../access/index.ts';
import { serviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';

/** Users of services in the mode `basic`. */
export function serviceUserRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { devices, services, passwords, events, clock, audit } = deps;

  endpoints.guarded({
    method: 'PUT',
    url: '/api/devices/:id/services/:service/users/:name',
    summary: 'Adds a user of the access mode "basic", or gives the one with that name a new password.',
    action: 'service:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: basicUserParams,
    body: basicUserPassword,
    answer: service,
    run: async ({ person, params: { id, service: name, name: user }, body, address }) => {
      const before = serviceOf(await ownDevice(devices, person, 'service:change', id, name), name);
      const passwordHash = await passwords.hash(body.password);
      if (!(await services.setUser(person.accountId, id, name, { name: user, passwordHash }))) {
        throw new PorchlightError('not_found', 'The device has no such service');
      }
      const change = before.users.some((one) => one.name === user) ? 'new password' : 'added';
      return changed(person, { id, name, user, change, address });
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/devices/:id/services/:service/users/:name',
    summary: 'Removes a user of the access mode "basic"; the last one only while the mode is another.',
    action: 'service:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: basicUserParams,
    answer: service,
    run: async ({ person, params: { id, service: name, name: user }, address }) => {
      const before = serviceOf(await ownDevice(devices, person, 'service:change', id, name), name);
      if (!before.users.some((one) => one.name === user)) {
        throw new PorchlightError('not_found', 'The service has no such user');
      }
      if (before.access === 'basic' && before.users.length === 1) {
        throw new PorchlightError(
          'conflict',
          'It is the only user: add another first, or choose another access mode',
        );
      }
      await services.removeUser(person.accountId, id, name, user);
      return changed(person, { id, name, user, change: 'removed', address });
    },
  });

  async function changed(
    person: Person,
    what: { id: string; name: string; user: string; change: string; address: string },
  ) {
    const { accountId } = person;
    events.publish({ type: 'device-changed', accountId, deviceId: what.id });
    const device = await ownDevice(devices, person, 'service:change', what.id, what.name);
    audit.append({
      accountId,
      at: clock.now(),
      actor: person.accountName,
      action: 'service.users-changed',
      deviceId: what.id,
      target: `${what.name} of ${device.name}`,
      address: what.address,
      detail: { user: what.user, change: what.change },
    });
    return serviceView(serviceOf(device, what.name), device, deps);
  }
}
