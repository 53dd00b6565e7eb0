import { isWebService, PorchlightError } from '@porchlight/protocol';
import { idParams, madeShare, newShare, pageOf, serviceName, share } from '@porchlight/protocol/api';
import { authorise, grantOf, type Person, reaches } from '../../access/index.ts';
import { SHARE_PATH } from '../../publish/index.ts';
import type { ShareRecord } from '../../shares/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice, serviceOf } from '../own-device.ts';
import { shareView } from '../views.ts';

/** Links for strangers. */
export function shareRoutes(endpoints: Endpoints): void {
  const { devices, shares, relay } = endpoints.deps;

  async function listed(person: Person, deviceId?: string): Promise<ShareRecord[]> {
    const grant = grantOf(person);
    const all = await shares.list(person.accountId, deviceId);
    return grant === undefined
      ? all
      : all.filter((one) => reaches(grant, one.deviceId, { service: one.service }));
  }

  endpoints.guarded({
    method: 'GET',
    url: '/api/shares',
    summary: 'Lists the share links of the account, with those that have ended.',
    action: 'share:read',
    answer: pageOf(share),
    run: async ({ person }) => ({ items: (await listed(person)).map(shareView) }),
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/shares',
    summary: 'Lists the share links to services of a device.',
    action: 'share:read',
    params: idParams,
    answer: pageOf(share),
    run: async ({ person, params }) => {
      const { id } = await ownDevice(devices, person, 'share:read', params.id);
      return { items: (await listed(person, id)).map(shareView) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/services/:service/shares',
    summary: 'Makes a link by which anybody who has it opens the service; the answer alone has it.',
    action: 'share:change',
    limit: { capacity: 20, refillMs: 5_000 },
    params: idParams.extend({ service: serviceName }),
    body: newShare,
    answer: madeShare,
    status: 201,
    run: async ({ person, params, body, address }) => {
      const device = await ownDevice(devices, person, 'share:change', params.id, params.service);
      const service = serviceOf(device, params.service);
      if (!isWebService(service)) {
        throw new PorchlightError('bad_request', 'Only a web service can be shared by a link');
      }
      // Nobody gives a stranger more than they have themselves.
      const subject = { accountId: device.accountId, deviceId: device.id, service: service.name };
      authorise(person, body.scope === 'write' ? 'service:operate' : 'service:visit', subject);
      const { record, code } = await shares.make(
        { person, address },
        { device, service: service.name },
        body,
      );
      const url = new URL(SHARE_PATH, relay.serviceUrl(service.name, device.name));
      return { ...shareView(record), url: `${url}#${code}` };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/shares/:id',
    summary: 'Revokes a share link; whoever came in by it is out at once.',
    action: 'share:change',
    params: idParams,
    run: async ({ person, params, address }) => {
      if (!(await listed(person)).some(({ id }) => id === params.id)) {
        throw new PorchlightError('not_found', 'There is no such share link');
      }
      await shares.revoke({ person, address }, params.id);
    },
  });
}
