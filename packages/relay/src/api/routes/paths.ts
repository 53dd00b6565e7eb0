import { isWebService, PorchlightError } from '@porchlight/protocol';
import {
  idParams,
  newPathRoute,
  pageOf,
  pathCheck,
  pathRoute,
  pathRouteChange,
  pathWish,
  serviceName,
} from '@porchlight/protocol/api';
import type { FastifyReply } from 'fastify';
import type { Person } from '../../access/index.ts';
import type { DeviceRecord } from '../../devices/index.ts';
import type { PathRouteRecord } from '../../publish/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';

/** A check fetches a dozen files from the device. */
const CHECKS = { capacity: 10, refillMs: 6_000 };

export function pathRoutes(endpoints: Endpoints): void {
  const { devices, pathRoutes: routes, pathChecks, relay } = endpoints.deps;

  const view = ({ id, deviceId, service, prefix, strip, createdAt }: PathRouteRecord) => ({
    ...{ id, deviceId, service, prefix, strip, createdAt },
    url: relay.pathUrl(prefix),
  });
  const changer = ({ accountId, accountName, role }: Person, address: string) => ({
    ...{ accountId, accountName, role, address },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/paths',
    summary: "Lists the paths that a device's services are published under.",
    action: 'path-route:read',
    params: idParams,
    answer: pageOf(pathRoute),
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'path-route:read', params.id);
      return { items: (await routes.ofDevices(person.accountId, [device.id])).map(view) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/paths',
    summary:
      'Publishes an http service under a path; the first segment of it belongs to the account from then on.',
    action: 'path-route:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: idParams,
    body: newPathRoute,
    answer: pathRoute,
    status: 201,
    run: async ({ person, params, body, address }) => {
      const device = await ownDevice(devices, person, 'path-route:change', params.id);
      return view(await routes.add(changer(person, address), { deviceId: device.id, ...body }));
    },
  });

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/paths/:id',
    summary: 'Says whether the device gets the path with the prefix or without.',
    action: 'path-route:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: idParams,
    body: pathRouteChange,
    answer: pathRoute,
    run: async ({ person, params, body, address }) =>
      view(await routes.setStrip(changer(person, address), params.id, body.strip)),
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/paths/:id',
    summary: 'Ends a path route. Its first segment stays reserved for the account.',
    action: 'path-route:change',
    params: idParams,
    run: async ({ person, params, address }) => routes.remove(changer(person, address), params.id),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/paths/:id/check',
    summary: 'Fetches the page under its path and says what does not work there, and what cures it.',
    action: 'path-route:change',
    limit: CHECKS,
    params: idParams,
    answer: pathCheck,
    run: async ({ person, params, address, reply }) => {
      const route = await routes.byId(person.accountId, params.id);
      const device = await ownDevice(devices, person, 'path-route:change', route.deviceId);
      return check(person, device, route, { address, reply });
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/services/:service/check',
    summary: 'Says what would not work if the service were published under this path, and what cures it.',
    action: 'path-route:change',
    limit: CHECKS,
    params: idParams.extend({ service: serviceName }),
    body: pathWish,
    answer: pathCheck,
    run: async ({ person, params, body, address, reply }) => {
      const device = await ownDevice(devices, person, 'path-route:change', params.id);
      routes.checkPrefix(body.prefix);
      return check(person, device, { service: params.service, ...body }, { address, reply });
    },
  });

  async function check(
    person: Person,
    device: DeviceRecord,
    wish: { service: string; prefix: string; strip: boolean },
    { address, reply }: { address: string; reply: FastifyReply },
  ) {
    const service = serviceOf(device, wish.service);
    if (!isWebService(service)) throw new PorchlightError('bad_request', 'Only an "http" service has pages');
    const { protocol, host } = new URL(relay.pathUrl(wish.prefix));
    const gone = new AbortController();
    const leave = () => gone.abort();
    reply.raw.once('close', leave);
    try {
      const { prefix, strip } = wish;
      const proto = protocol === 'https:' ? 'https' : 'http';
      const ask = {
        device,
        service,
        person: person.accountName,
        address,
        prefix,
        strip,
        host,
        proto,
      } as const;
      return await pathChecks.check(ask, gone.signal);
    } finally {
      reply.raw.off('close', leave);
    }
  }
}
