import { PorchlightError } from '@porchlight/protocol';
import {
  idParams,
  type MqttConnection,
  mqttConnection,
  mqttConnectionQuery,
  pageOf,
} from '@porchlight/protocol/api';
import { type Action, authorise, type Person } from '../../access/index.ts';
import type { MqttConnection as Connection } from '../../mqtt/index.ts';
import type { Endpoints } from '../endpoint.ts';
import { pageFrom } from '../page.ts';

/** Who is connected over MQTT now. */
export function mqttConnectionRoutes(endpoints: Endpoints): void {
  const { mqttConnections, audit, clock } = endpoints.deps;

  endpoints.guarded({
    method: 'GET',
    url: '/api/mqtt-connections',
    summary: 'Lists the MQTT clients that are connected now, those that came last first.',
    action: 'mqtt-connection:read',
    query: mqttConnectionQuery,
    answer: pageOf(mqttConnection),
    run: async ({ person, query: { device, cursor, limit } }) => {
      const found = [...mqttConnections.of(person.accountId)]
        .filter((one) => device === undefined || one.identity.deviceId === device)
        .filter((one) => may(person, 'mqtt-connection:read', one))
        .sort(byAge)
        .filter((one) => cursor === undefined || placeOf(one) < cursor);
      return pageFrom(found.slice(0, limit + 1), limit, mqttConnectionView, placeOf);
    },
  });

  endpoints.guarded({
    method: 'DELETE',
    url: '/api/mqtt-connections/:id',
    summary: 'Ends the connection of an MQTT client; unless its password is revoked, it may come back.',
    action: 'mqtt-connection:end',
    limit: { capacity: 30, refillMs: 1_000 },
    params: idParams,
    run: async ({ person, params: { id }, address }) => {
      const connection = [...mqttConnections.of(person.accountId)].find((one) => one.id === id);
      if (connection === undefined)
        throw new PorchlightError('not_found', 'There is no such MQTT connection');
      authorise(person, 'mqtt-connection:end', subjectOf(connection));
      const { identity, clientId } = connection;
      connection.end(`${person.accountName} ended it`);
      audit.append({
        ...{ accountId: person.accountId, at: clock.now(), actor: person.accountName, address },
        action: 'mqtt-connection.ended',
        ...(identity.deviceId === undefined ? {} : { deviceId: identity.deviceId }),
        target: identity.label,
        detail: { clientId, from: connection.address },
      });
    },
  });
}

/** An app password acts for the whole account, whichever home it names. */
function subjectOf({ identity }: Connection): { accountId: string; deviceId?: string } {
  const { kind, accountId = '', deviceId } = identity;
  return kind === 'device' && deviceId !== undefined ? { accountId, deviceId } : { accountId };
}

function may(person: Person, action: Action, connection: Connection): boolean {
  try {
    authorise(person, action, subjectOf(connection));
    return true;
  } catch (error) {
    if (error instanceof PorchlightError) return false;
    throw error;
  }
}

/** Its place in the list: later ones are greater. */
function placeOf({ since, id }: Connection): string {
  return `${String(since).padStart(16, '0')}-${id}`;
}

function byAge(one: Connection, other: Connection): number {
  return placeOf(one) < placeOf(other) ? 1 : -1;
}

function mqttConnectionView(connection: Connection): MqttConnection {
  const { identity, id, clientId, address, door, since, subscriptions } = connection;
  const { deviceId, deviceName, credentialId } = identity;
  // Who only asks to be let in belongs to no account, and is in no list.
  const kind = identity.kind === 'join' ? 'device' : identity.kind;
  return {
    ...{ id, kind, deviceId, deviceName, credentialId },
    ...{ clientId, address, door, since, subscriptions },
    bytesIn: connection.bytesIn,
    bytesOut: connection.bytesOut,
    unread: connection.unsent,
  };
}
