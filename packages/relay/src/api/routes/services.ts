import { PorchlightError, type ServiceKind } from '@porchlight/protocol';
import {
  type AuditAction,
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
  const { devices, services, pathRoutes, shares, links, passwords, events, clock, audit, emoncms } = deps;

  endpoints.guarded({
    method: 'PATCH',
    url: '/api/devices/:id/services/:service',
    summary: 'Sets who may open a service, and what kind it is.',
    action: 'service:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params,
    body: serviceChange,
    answer: service,
    run: async ({ person, params: { id, service: name }, body, address }) => {
      const { accountId } = person;
      const owner = await ownDevice(devices, person, 'service:change', id, name);
      const before = serviceOf(owner, name);
      const note = (action: AuditAction, detail: Record<string, string>) =>
        audit.append({
          accountId,
          at: clock.now(),
          actor: person.accountName,
          action,
          deviceId: id,
          target: `${name} of ${owner.name}`,
          address,
          detail,
        });
      refusePassthrough(before, body);
      const user = await userOf(before, body);
      if (user !== undefined) await services.setUser(accountId, id, name, user);
      if (body.access !== undefined) {
        await services.setAccess(accountId, id, name, body.access);
        note('service.access-changed', { from: before.access, to: body.access });
      }
      if (body.kind !== undefined) {
        await setKind(accountId, id, name, body.kind);
        note('service.kind-changed', { from: before.kindSet ? before.kind : 'auto', to: body.kind });
      }
      if (body.passthrough !== undefined) {
        await services.setPassthrough(accountId, id, name, body.passthrough);
        note('service.passthrough-changed', { to: body.passthrough ? 'on' : 'off' });
      }
      if (body.keepLastAnswers !== undefined) {
        await services.setKeepLastAnswers(accountId, id, name, body.keepLastAnswers);
        if (!body.keepLastAnswers) emoncms.forget(id, name);
        note('service.last-answers-changed', { to: body.keepLastAnswers ? 'kept' : 'not kept' });
      }
      if (body.hueRemote !== undefined) {
        await services.setHueRemote(accountId, id, name, body.hueRemote);
        note('service.hue-remote-changed', { to: body.hueRemote ? 'on' : 'off' });
      }
      events.publish({ type: 'device-changed', accountId, deviceId: id });
      const device = await ownDevice(devices, person, 'service:change', id, name);
      return serviceView(serviceOf(device, name), device, deps);
    },
  });

  async function setKind(
    accountId: string,
    id: string,
    name: string,
    kind: ServiceKind | 'auto',
  ): Promise<void> {
    await services.setKind(accountId, id, name, kind);
    const announced = links.services(id)?.find((one) => one.name === name);
    // What the device says of it has been passed over as long as a person had set it.
    if (kind === 'auto' && announced !== undefined) await devices.addServices(id, [announced]);
    links.setKind(id, name, kind);
  }

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
      const device = await ownDevice(devices, person, 'service:change', id, name);
      serviceOf(device, name);
      if (links.services(id)?.some((offered) => offered.name === name) === true) {
        throw new PorchlightError(
          'conflict',
          'The device still offers the service; end that on the device first',
        );
      }
      for (const path of serviceOf(device, name).paths) {
        await pathRoutes.remove(
          { accountId, accountName: person.accountName, role: person.role, address },
          path.id,
        );
      }
      await shares.revokeOf({ person, address }, id, name);
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
      serviceOf(await ownDevice(devices, person, 'service:probe', id, name), name);
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

/** Only what is no HTTP of ours can have TLS of its own. @throws PorchlightError `bad_request` */
function refusePassthrough(before: ServiceRecord, change: ServiceChange): void {
  const kind = change.kind === undefined || change.kind === 'auto' ? before.kind : change.kind;
  if (change.passthrough !== true || kind === 'tcp') return;
  throw new PorchlightError(
    'bad_request',
    'Only a service of kind tcp can end TLS itself: set its kind to tcp, or expose it as tcp://HOST:PORT',
  );
}
