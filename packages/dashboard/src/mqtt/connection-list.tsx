import type { MqttConnection } from '@porchlight/protocol/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago, formatBytes } from '../format/index.ts';
import { Button, Confirm, ErrorNote, SkeletonRows } from '../ui/index.ts';

/** Connections come and go without an event for each: it is looked so often while the list is on the screen. */
const LOOK_MS = 5_000;
/** Connections that are shown; whoever has more uses the API. */
const SHOWN_MAX = 100;

const DOORS: Readonly<Record<MqttConnection['door'], string>> = {
  mqtt: 'MQTT without TLS',
  mqtts: 'MQTT over TLS',
  https: 'the HTTPS port',
  websocket: 'a WebSocket',
};

/** The MQTT clients that are connected now: of one device, or of the whole account. */
export function ConnectionList({ deviceId, empty }: { deviceId?: string; empty: string }) {
  const list = useQuery({
    queryKey: keys.mqttConnections(deviceId),
    queryFn: ({ signal }) => api.mqttConnections({ limit: SHOWN_MAX, device: deviceId }, signal),
    refetchInterval: LOOK_MS,
  });
  const items = list.data?.items ?? [];
  return (
    <>
      <ErrorNote error={list.error} onRetry={list.refetch} />
      {list.isPending && <SkeletonRows count={1} className="h-14" />}
      {list.data && items.length === 0 && <p className="text-sm">{empty}</p>}
      {items.length > 0 && (
        <ul aria-label="Connected over MQTT" className="grid divide-y divide-line">
          {items.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              name={nameOf(connection, deviceId !== undefined)}
            />
          ))}
        </ul>
      )}
      {list.data?.next !== undefined && (
        <p className="text-sm text-muted">These are the last {SHOWN_MAX} that came.</p>
      )}
    </>
  );
}

function nameOf({ kind, deviceName, clientId }: MqttConnection, ofDevice: boolean): string {
  if (kind === 'device') return ofDevice ? clientId : `${deviceName}: ${clientId}`;
  const who = kind === 'account' ? 'your password' : 'an app password';
  return `${clientId}, by ${who}${deviceName === undefined || ofDevice ? '' : ` for ${deviceName}`}`;
}

function ConnectionRow({ connection, name }: { connection: MqttConnection; name: string }) {
  const cache = useQueryClient();
  const [ending, setEnding] = useState(false);
  const { id, door, address, since, bytesIn, bytesOut, subscriptions, unread } = connection;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid min-w-0 gap-0.5">
        <p className="font-medium break-all">{name}</p>
        <p className="text-sm text-muted">
          from {address} by {DOORS[door]} · since <Ago at={since} /> · {formatBytes(bytesIn)} from it,{' '}
          {formatBytes(bytesOut)} to it ·{' '}
          {subscriptions === 1 ? '1 subscription' : `${subscriptions} subscriptions`}
          {unread > 0 && <> · {formatBytes(unread)} wait for it</>}
        </p>
      </div>
      <Button small aria-label={`Disconnect ${name}`} onClick={() => setEnding(true)}>
        Disconnect…
      </Button>
      <Confirm
        open={ending}
        onClose={() => setEnding(false)}
        title="Disconnect it?"
        action="Disconnect"
        act={async () => {
          await api.endMqttConnection(id);
          await cache.invalidateQueries({ queryKey: keys.allMqttConnections });
        }}
      >
        <p>It may come back at once. Revoke its password to keep it out.</p>
      </Confirm>
    </li>
  );
}
