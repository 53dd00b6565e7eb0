import {
  appPassword,
  idParams,
  madeAppPassword,
  madeMqttCredential,
  mqttCredential,
  mqttCredentialParams,
  newAppPassword,
  newMqttCredential,
  pageOf,
} from '@porchlight/protocol/api';
import type { Endpoints } from '../endpoint.ts';
import { ownDevice } from '../own-device.ts';
import { appPasswordView, mqttCredentialView } from '../views.ts';

/** What MQTT clients sign in with, beside an account's own password. */
export function mqttRoutes(endpoints: Endpoints): void {
  const { devices, mqttCredentials } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/devices/:id/mqtt-credentials',
    summary: 'Lists what the device signs in to the MQTT broker with.',
    action: 'device:read',
    params: idParams,
    answer: pageOf(mqttCredential),
    run: async ({ person, params }) => {
      const device = await ownDevice(devices, person, 'device:read', params.id);
      const items = await mqttCredentials.ofDevice(device.accountId, device.id);
      return { items: items.map((item) => mqttCredentialView(item)) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/devices/:id/mqtt-credentials',
    summary: 'Makes a user name and password with which the device signs in to the MQTT broker.',
    action: 'mqtt-credential:change',
    limit: { capacity: 30, refillMs: 2_000 },
    params: idParams,
    body: newMqttCredential,
    answer: madeMqttCredential,
    status: 201,
    run: async ({ person, params, body, address }) => {
      const device = await ownDevice(devices, person, 'mqtt-credential:change', params.id);
      const by = { accountId: person.accountId, actor: person.accountName, address };
      const { record, secret } = await mqttCredentials.makeForDevice(by, device, body.name);
      return { ...mqttCredentialView(record), username: device.name, password: secret };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/devices/:id/mqtt-credentials/:credential',
    summary: 'Revokes it, and ends the connections that came in with it.',
    action: 'mqtt-credential:change',
    params: mqttCredentialParams,
    run: async ({ person, params, address }) => {
      const device = await ownDevice(devices, person, 'mqtt-credential:change', params.id);
      const by = { accountId: person.accountId, actor: person.accountName, address };
      await mqttCredentials.revoke(by, params.credential, { kind: 'device', deviceId: device.id });
    },
  });

  endpoints.guarded({
    method: 'GET',
    url: '/api/me/app-passwords',
    summary: 'Lists the app passwords.',
    action: 'app-password:read',
    answer: pageOf(appPassword),
    run: async ({ person }) => {
      const items = await mqttCredentials.appPasswords(person.accountId);
      return { items: items.map((item) => appPasswordView(item)) };
    },
  });

  endpoints.guarded({
    method: 'POST',
    url: '/api/me/app-passwords',
    summary: "Makes a password for a program that acts at the MQTT broker in the account's place.",
    action: 'app-password:change',
    limit: { capacity: 30, refillMs: 2_000 },
    body: newAppPassword,
    answer: madeAppPassword,
    status: 201,
    run: async ({ person, body: { name, deviceId }, address }) => {
      const home =
        deviceId === undefined ? undefined : (await ownDevice(devices, person, 'device:read', deviceId)).id;
      const by = { accountId: person.accountId, actor: person.accountName, address };
      const { record, secret } = await mqttCredentials.makeAppPassword(by, { name, home });
      return { ...appPasswordView(record), username: person.accountName, password: secret };
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/me/app-passwords/:id',
    summary: 'Revokes an app password, and ends the connections that came in with it.',
    action: 'app-password:revoke',
    params: idParams,
    run: ({ person, params, address }) =>
      mqttCredentials.revoke({ accountId: person.accountId, actor: person.accountName, address }, params.id, {
        kind: 'app',
      }),
  });
}
