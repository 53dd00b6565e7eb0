import {
  type AuditAction,
  device,
  deviceChange,
  deviceQuery,
  health,
  healthQuery,
  idParams,
  pageOf,
} from '@porchlight/protocol/api';
import type { Person } from '../../access/index.ts';
import { deviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { healthView } from '../health-view.ts';
import { ownDevice } from '../own-device.ts';
import { pageFrom } from '../page.ts';

const HOUR_MS = 3600_000;
/** Length of each span, and of the intervals its samples are joined into: about 300 and 700 of them. */
const SPANS = {
  '24h': { spanMs: 24 * HOUR_MS, bucketMs: 5 * 60_000 },
  '30d': { spanMs: 30 * 24 * HOUR_MS, bucketMs: HOUR_MS },
} as const;

export function deviceRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { devices, links, forwards, events, clock, audit } = deps;

  function note(
    by: { person: Person; address: string },
    action: AuditAction,
    about: { id: string; name: string },
    detail: Record<string, string> = {},
  ): void {
    audit.append({
      accountId: by.person.accountId,
      at: clock.now(),
      actor: by.person.accountName,
      action,
      deviceId: about.id,
      target: about.name,
      address: by.address,
      detail,
    });
  }

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices',
    summary: 'Lists the devices in order of name.',
    action: 'device:read',
    query: deviceQuery,
    answer: pageOf(device),
    run: async ({ person, query }) => {
      const { cursor: afterName, limit, search, tag } = query;
      const found = await devices.list(person.accountId, { afterName, limit: limit + 1, search, tag });
      return pageFrom(
        found,
        limit,
        (record) => deviceView(record, deps),
        (record) => record.name,
      );
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id',
    summary: 'One device.',
    action: 'device:read',
    params: idParams,
    answer: device,
    run: async ({ person, params }) =>
      deviceView(await ownDevice(devices, person, 'device:read', params.id), deps),
  });

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/devices/:id',
    summary: 'Renames a device, whose former name goes on leading to it, or changes its tags.',
    action: 'device:change',
    params: idParams,
    body: deviceChange,
    answer: device,
    run: async ({ person, params: { id }, body, address }) => {
      const before = await ownDevice(devices, person, 'device:change', id);
      if (body.name !== undefined && body.name !== before.name) {
        await devices.rename(person.accountId, id, body.name);
        note({ person, address }, 'device.renamed', { id, name: body.name }, { from: before.name });
      }
      if (body.tags !== undefined) {
        const tags = [...new Set(body.tags)];
        await devices.setTags(person.accountId, id, tags);
        note(
          { person, address },
          'device.tagged',
          { id, name: body.name ?? before.name },
          { tags: tags.join(',') },
        );
      }
      events.publish({ type: 'device-changed', accountId: person.accountId, deviceId: id });
      return deviceView(await ownDevice(devices, person, 'device:change', id), deps);
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/devices/:id',
    summary: 'Removes a device and ends its link; its names stay reserved for the account.',
    action: 'device:remove',
    params: idParams,
    run: async ({ person, params: { id }, address }) => {
      const { name } = await ownDevice(devices, person, 'device:remove', id);
      await devices.remove(person.accountId, id);
      for (const forward of forwards.list(person.accountId, id))
        await forwards.close(person.accountId, forward.id);
      links.end(id, 'the device was removed from the relay');
      events.publish({ type: 'device-removed', accountId: person.accountId, deviceId: id });
      note({ person, address }, 'device.removed', { id, name });
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/health',
    summary: 'Uptime, periods and samples of a device.',
    action: 'device:read',
    limit: { capacity: 60, refillMs: 500 },
    params: idParams,
    query: healthQuery,
    answer: health,
    run: async ({ person, params: { id }, query }) => {
      const record = await ownDevice(devices, person, 'device:read', id);
      const { spanMs, bucketMs } = SPANS[query.span];
      const to = clock.now();
      const from = Math.max(to - spanMs, Math.min(record.createdAt, to));
      const [linkEvents, samples, past] = await Promise.all([
        deps.health.events(id, from, to),
        deps.health.samples(id, from, to),
        deps.health.runs(from, to),
      ]);
      // The present run is written now and then only, but it is certain that it reaches until now.
      const { startedAt } = deps.relay;
      const runs = [...past.filter((run) => run.from < startedAt), { from: startedAt, to }];
      const { link } = deviceView(record, deps);
      const { createdAt } = record;
      return healthView({ from, to, createdAt, runs, events: linkEvents, samples, link, bucketMs });
    },
  });
}
