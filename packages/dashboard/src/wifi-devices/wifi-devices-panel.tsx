import type { LanDevice } from '@porchlight/protocol/api';
import { useQuery } from '@tanstack/react-query';
import { Ago } from '../format/index.ts';
import { ErrorNote, Panel, Pill } from '../ui/index.ts';
import { LanInputs } from './lan-inputs.tsx';
import { LanRequestCard } from './lan-request-card.tsx';
import { lanDevicesQuery, useLanRequests } from './use-lan.ts';

/** Who asks this base station to be let in, and who was. Nothing is shown for a device that is none. */
export function WifiDevicesPanel({ deviceId }: { deviceId: string }) {
  const { data, error, refetch } = useQuery(lanDevicesQuery(deviceId));
  const ofThis = useLanRequests().data?.items.filter((request) => request.deviceId === deviceId) ?? [];
  if (data === undefined && error !== null) return <ErrorNote error={error} onRetry={refetch} />;
  if (!data?.here) return null;
  const waiting = ofThis.filter(({ state }) => state === 'waiting');
  const allowed = ofThis.filter(({ state }) => state === 'allowed');
  return (
    <Panel title="WiFi devices">
      {waiting.map((request) => (
        <LanRequestCard key={`${request.id} ${request.code ?? ''}`} request={request} atHome />
      ))}
      {allowed.length > 0 && (
        <p className="text-sm text-muted">
          Let in, and yet to fetch what they need: {allowed.map(({ name }) => name).join(', ')}.
        </p>
      )}
      {data.items.length === 0 ? (
        <p className="text-sm">
          This device is a base station.{' '}
          {waiting.length === 0 && 'WiFi devices that ask to be let in appear here.'}
        </p>
      ) : (
        <ul aria-label="Let in" className="grid divide-y divide-line">
          {data.items.map((device) => (
            <DeviceRow key={device.id} device={device} />
          ))}
        </ul>
      )}
      {data.items.length > 0 && <LanInputs deviceId={deviceId} />}
      {data.more > 0 && <p className="text-sm text-muted">{data.more} more are on its settings page.</p>}
    </Panel>
  );
}

function DeviceRow({ device }: { device: LanDevice }) {
  const { name, address, mac, node, lastSeenAt, silent, way } = device;
  return (
    <li data-testid={`wifi-${name}`} className="grid gap-0.5 py-3 first:pt-0 last:pb-0">
      <p className="flex flex-wrap items-center gap-2">
        <span className="min-w-0 font-medium break-all">{name}</span>
        {silent && <Pill tone="bad">silent</Pill>}
        {way === 'emonesp' && <Pill>EmonESP</Pill>}
      </p>
      <p className="text-sm break-words text-muted">
        {lastSeenAt === undefined ? (
          'nothing heard yet'
        ) : (
          <>
            heard <Ago at={lastSeenAt} />
          </>
        )}
        {' · '}
        {address}
        {mac !== undefined && ` · ${mac}`}
        {node !== undefined && node !== name && ` · publishes as ${node}`}
      </p>
    </li>
  );
}
