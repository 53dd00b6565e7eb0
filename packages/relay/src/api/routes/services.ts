import { PorchlightError } from '@porchlight/protocol';
import {
  idParams,
  probeResult,
  type ServiceChange,
  service,
  serviceChange,
  serviceName,
} from '@porchlight/protocol/api';
import type { ServiceRecord, ServiceUser } from '../../devices/index.ts';
import { serviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';

/** Longest wait for the service's answer to a probe. */
const PROBE_MAX_MS = 15_000;

const params = idParams.extend({ service: serviceName });

export function serviceRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { devices, services, links, passwords, events, clock, audit } = deps;

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/devices/:id/services/:service',
    summary: 'Sets who may open a service.',
    action: 'service:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params,
    body: serviceChange,
    answer: service,
    run: async ({ person, params: { id, service: name }, body, address }) => {
      const { accountId } = person;
      const before = serviceOf(await ownDevice(devices, person, 'service:change', id), name);
      const user = await userOf(before, body);
      if (user !== undefined) await services.setUser(accountId, id, name, user);
      if (!(await services.setAccess(accountId, id, name, body.access))) {
        throw new PorchlightError('not_found', 'The device has no such service');
      }
      events.publish({ type: 'device-changed', accountId, deviceId: id });
      const device = await ownDevice(devices, person, 'service:change', id);
      audit.append({
        accountId,
        at: clock.now(),
        actor: person.accountName,
        action: 'service.access-changed',
        deviceId: id,
        target: `${name} of ${device.name}`,
        address,
        detail: { from: before.access, to: body.access },
      });
      return serviceView(serviceOf(device, name), device, deps);
    },
  });

  /** The user that a change adds, or gives a new password; undefined when it names none. */
  async function userOf(before: ServiceRecord, change: ServiceChange): Promise<ServiceUser | undefined> {
    const { access, basicUser, basicPassword } = change;
    const given = basicUser !== undefined || basicPassword !== undefined;
    if (access !== 'basic' && given) {
      throw new PorchlightError('bad_request', 'User and password are for the access mode "basic" only');
    }
    if (access === 'basic' && !given && before.users.length === 0) {
      throw new PorchlightError(
        'bad_request',
        'The access mode "basic" needs "basicUser" and "basicPassword"',
      );
    }
    if (!given) return undefined;
    if (basicUser === undefined || basicPassword === undefined) {
      throw new PorchlightError('bad_request', 'Give "basicUser" and "basicPassword" together');
    }
    return { name: basicUser, passwordHash: await passwords.hash(basicPassword) };
  }

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/devices/:id/services/:service',
    summary: 'Forgets a service that the device does not offer any more.',
    action: 'service:change',
    params,
    run: async ({ person, params: { id, service: name }, address }) => {
      const { accountId } = person;
      const device = await ownDevice(devices, person, 'service:change', id);
      serviceOf(device, name);
      if (links.services(id)?.some((offered) => offered.name === name) === true) {
        throw new PorchlightError(
          'conflict',
          'The device still offers the service; end that on the device first',
        );
      }
      await services.remove(accountId, id, name);
      events.publish({ type: 'device-changed', accountId, deviceId: id });
      audit.append({
        accountId,
        at: clock.now(),
        actor: person.accountName,
        action: 'service.removed',
        deviceId: id,
        target: `${name} of ${device.name}`,
        address,
      });
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/services/:service/probe',
    summary: 'Asks the service for one answer through the data path, now.',
    action: 'service:probe',
    limit: { capacity: 30, refillMs: 1_000 },
    params,
    answer: probeResult,
    run: async ({ person, params: { id, service: name }, reply }) => {
      serviceOf(await ownDevice(devices, person, 'service:probe', id), name);
      const gone = new AbortController();
      const leave = () => gone.abort();
      reply.raw.once('close', leave);
      try {
        return await links.probe(id, name, AbortSignal.any([gone.signal, AbortSignal.timeout(PROBE_MAX_MS)]));
      } finally {
        reply.raw.off('close', leave);
      }
    },
  });
}
