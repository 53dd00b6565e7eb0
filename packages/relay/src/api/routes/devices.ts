import { PorchlightError } from '@porchlight/protocol';
import {
  type AuditAction,
  device,
  deviceChange,
  deviceQuery,
  enrolledDevice,
  idParams,
  newDevice,
  pageOf,
} from '@porchlight/protocol/api';
import { authorise, grantOf, type Person } from '../../access/index.ts';
import { parsePublicKeyLine } from '../../ssh/index.ts';
import { deviceView } from '../device-view.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, withinGrant } from '../own-device.ts';
import { pageFrom } from '../page.ts';
import { mqttCredentialView } from '../views.ts';

export function deviceRoutes(endpoints: Endpoints): void {
  const { deps } = endpoints;
  const { devices, keyEnrolment, mqttCredentials, links, forwards, events, clock, audit } = deps;

  function note(
    by: { person: Person; address: string },
    action: AuditAction,
    about: { id: string; name: string },
    detail: Record<string, string | number> = {},
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

  /** A blocked device keeps name, services and history; its link ends, and its key is kept out. */
  async function setBlocked(
    by: { person: Person; address: string },
    about: { id: string; name: string },
    blocked: boolean,
  ): Promise<void> {
    const { accountId } = authorise(by.person, 'device:block', {
      accountId: by.person.accountId,
      deviceId: about.id,
    });
    await devices.change(accountId, about.id, { blockedAt: blocked ? clock.now() : null });
    if (blocked) links.end(about.id, 'the device was blocked');
    note(by, blocked ? 'device.blocked' : 'device.unblocked', about);
  }

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices',
    summary: 'Enrols a device before it has ever connected: by its public key, or with an MQTT credential.',
    action: 'device:enrol',
    limit: { capacity: 30, refillMs: 2_000 },
    body: newDevice,
    answer: enrolledDevice,
    status: 201,
    run: async ({ person, body: { name, publicKey, tags }, address }) => {
      const by = { accountId: person.accountId, actor: person.accountName, address };
      if (publicKey === undefined) {
        const record = await keyEnrolment.enrolWithoutKey(by, { name, tags });
        const { record: credential, secret } = await mqttCredentials.makeForDevice(
          by,
          record,
          'made with it',
        );
        const mqtt = { ...mqttCredentialView(credential), username: record.name, password: secret };
        return { ...deviceView(record, deps), mqtt };
      }
      const { comment: _, ...key } = parsePublicKeyLine(publicKey);
      return deviceView(await keyEnrolment.enrol(by, { name, tags, ...key }), deps);
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices',
    summary: 'Lists the devices in order of name.',
    action: 'device:read',
    query: deviceQuery,
    answer: pageOf(device),
    run: async ({ person, query }) => {
      const { cursor: afterName, limit, search, tag } = query;
      const ids = grantOf(person)?.devices?.keys();
      const found = await devices.list(person.accountId, {
        ...{ afterName, limit: limit + 1, search, tag },
        ids: ids && [...ids],
      });
      return pageFrom(
        found,
        limit,
        (record) => deviceView(withinGrant(person, record), deps),
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
    summary:
      'Renames a device, whose former name goes on leading to it; sets tags, blocked, or its interval.',
    action: 'device:change',
    params: idParams,
    body: deviceChange,
    answer: device,
    run: async ({ person, params: { id }, body, address }) => {
      const before = await ownDevice(devices, person, 'device:change', id);
      const by = { person, address };
      const about = { id, name: body.name ?? before.name };
      if (body.name !== undefined && body.name !== before.name) {
        await devices.rename(person.accountId, id, body.name);
        note(by, 'device.renamed', about, { from: before.name });
      }
      if (body.tags !== undefined) {
        const tags = [...new Set(body.tags)];
        await devices.setTags(person.accountId, id, tags);
        note(by, 'device.tagged', about, { tags: tags.join(',') });
      }
      if (body.callIntervalSeconds !== undefined) {
        await devices.change(person.accountId, id, { callIntervalSet: body.callIntervalSeconds });
        note(by, 'device.interval-changed', about, { seconds: body.callIntervalSeconds ?? 'learned' });
      }
      if (body.blocked !== undefined && body.blocked !== (before.blockedAt !== undefined)) {
        await setBlocked(by, about, body.blocked);
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
    method: 'POST',
    url: '/api/devices/:id/kick',
    summary: 'Ends the link of a device now; unless it is blocked, it comes back.',
    action: 'device:kick',
    limit: { capacity: 30, refillMs: 1_000 },
    params: idParams,
    run: async ({ person, params: { id }, address }) => {
      const { name } = await ownDevice(devices, person, 'device:kick', id);
      if (links.state(id) === undefined) {
        throw new PorchlightError('device_offline', 'The device has no link that could be ended');
      }
      links.end(id, `${person.accountName} ended the link`);
      note({ person, address }, 'device.kicked', { id, name });
    },
  });
}
