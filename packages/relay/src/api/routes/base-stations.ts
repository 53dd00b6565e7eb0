import {
  idParams,
  lanAllowance,
  lanDenial,
  lanDevices,
  lanInputs,
  lanRequest,
  lanRequestParams,
  lanRequests,
  pageOf,
} from '@porchlight/protocol/api';
import { grantOf, type Person, reaches } from '../../access/index.ts';
import type { LanAnswer } from '../../base-stations/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice } from '../own-device.ts';
import { lanRequestsView } from '../views.ts';

/** WiFi devices at people's base stations: who asks to be let in, and who was. */
export function baseStationRoutes(endpoints: Endpoints): void {
  const { devices, baseStations } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/lan-requests',
    summary: "Lists the WiFi devices that ask any of the account's base stations to be let in.",
    action: 'lan-request:read',
    answer: pageOf(lanRequest),
    run: async ({ person }) => {
      const found = baseStations.ofAccount(person.accountId).filter(({ deviceId }) => {
        const grant = grantOf(person);
        return grant === undefined || reaches(grant, deviceId, 'whole');
      });
      const items = await Promise.all(
        found.map(async (station) => {
          if (station.requests.items.length === 0) return [];
          const device = await devices.byId(person.accountId, station.deviceId);
          return device === undefined ? [] : lanRequestsView(station, device.name);
        }),
      );
      return { items: items.flat() };
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/lan-requests',
    summary: 'Lists the WiFi devices that ask this base station to be let in.',
    action: 'lan-request:read',
    params: idParams,
    answer: lanRequests,
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'lan-request:read', params.id);
      const station = baseStations.get(device.id);
      return {
        here: station !== undefined,
        items: lanRequestsView(station, device.name),
        more: station?.requests.more ?? 0,
      };
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/lan-devices',
    summary: 'Lists the WiFi devices that this base station has let in.',
    action: 'lan-device:read',
    params: idParams,
    answer: lanDevices,
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'lan-device:read', params.id);
      const station = baseStations.get(device.id);
      const { items, more } = station?.devices ?? { items: [], more: 0 };
      return { here: station !== undefined, items: [...items], more };
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/lan-inputs',
    summary: 'Asks this base station what its WiFi devices say, by topic.',
    action: 'lan-device:read',
    limit: { capacity: 60, refillMs: 500 },
    params: idParams,
    answer: lanInputs,
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'lan-device:read', params.id);
      const told = await baseStations.inputs(device.id);
      return { here: told !== undefined, items: told?.inputs ?? [], more: told?.more ?? 0 };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/lan-requests/:request/allow',
    summary: 'Has the base station let the WiFi device in; it may refuse.',
    action: 'lan-request:answer',
    limit: { capacity: 30, refillMs: 1_000 },
    params: lanRequestParams,
    body: lanAllowance,
    run: ({ person, params, body, address }) => answer(person, params, { ...body, answer: 'allow', address }),
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/lan-requests/:request/deny',
    summary: 'Has the base station turn the WiFi device away; it may refuse.',
    action: 'lan-request:answer',
    limit: { capacity: 30, refillMs: 1_000 },
    params: lanRequestParams,
    body: lanDenial,
    run: ({ person, params, body, address }) => answer(person, params, { ...body, answer: 'deny', address }),
  });

  async function answer(
    person: Person,
    params: { readonly id: string; readonly request: string },
    { address, ...wish }: Pick<LanAnswer, 'answer' | 'code' | 'name'> & { readonly address: string },
  ): Promise<void> {
    const device = await ownDevice(devices, person, 'lan-request:answer', params.id);
    const by = { accountName: person.accountName, address };
    await baseStations.answer(device.id, { ...wish, requestId: params.request, by });
  }
}
