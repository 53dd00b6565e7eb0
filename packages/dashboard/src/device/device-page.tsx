import { usePrefetchQuery, useQuery } from '@tanstack/react-query';
import { ChevronLeft, SquareTerminal } from 'lucide-react';
import { Link } from 'wouter';
import { ApiError, api, keys } from '../api/index.ts';
import { AuditList } from '../audit/index.ts';
import { StatusLine } from '../devices/index.ts';
import { ForwardsPanel, forwardsQuery } from '../forwards/index.ts';
import { DeviceCredentialsPanel } from '../mqtt/index.ts';
import { useTitle } from '../page/index.ts';
import { SharesPanel } from '../shares/index.ts';
import { shellTarget } from '../terminal/index.ts';
import { buttonClass, Empty, ErrorNote, Lantern, Panel, Pill, SkeletonRows } from '../ui/index.ts';
import { lanDevicesQuery, WifiDevicesPanel } from '../wifi-devices/index.ts';
import { DeviceMenu } from './device-menu.tsx';
import { HealthPanel } from './health-panel.tsx';
import { BlockedNote } from './link-dialogs.tsx';
import { LinkPanel } from './link-panel.tsx';
import { ReadingsPanel, readingsQuery } from './readings-panel.tsx';
import { ServicesPanel } from './services-panel.tsx';

/** Everything about one device. */
export function DevicePage({ id }: { id: string }) {
  const query = useQuery({
    queryKey: keys.device(id),
    queryFn: ({ signal }) => api.device(id, signal),
    // Live events tell of changes of state; counters and last answers come with the next look.
    refetchInterval: 60_000,
  });
  usePrefetchQuery(readingsQuery(id, '24h'));
  usePrefetchQuery(forwardsQuery);
  usePrefetchQuery(lanDevicesQuery(id));
  const device = query.data;
  useTitle(device?.name ?? 'Device');

  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <Empty title="There is no such device">
        <p>It may have been removed, or it belongs to another account.</p>
        <Link href="/" className={buttonClass()}>
          To the devices
        </Link>
      </Empty>
    );
  }
  return (
    <>
      <Link
        href="/"
        className="-mb-2 inline-flex min-h-9 items-center gap-1 justify-self-start text-sm text-muted hover:text-ink"
      >
        <ChevronLeft size={16} aria-hidden />
        Devices
      </Link>
      {query.isError && <ErrorNote error={query.error} onRetry={query.refetch} />}
      {query.isPending && (
        <>
          <SkeletonRows count={1} className="h-14" />
          <SkeletonRows count={2} className="h-56 rounded-2xl" />
        </>
      )}
      {device && (
        <>
          <header className="flex items-start gap-4">
            <span className={`rounded-xl p-2 ${device.link.up ? 'bg-glow' : 'bg-raised'}`}>
              <Lantern lit={device.link.up && !device.link.paused} size={40} />
            </span>
            <div className="grid min-w-0 flex-1 gap-1">
              <h1 className="text-2xl font-semibold tracking-tight">{device.name}</h1>
              <StatusLine link={device.link} />
              <div className="flex flex-wrap gap-1 empty:hidden">
                {device.blocked && <Pill tone="bad">blocked</Pill>}
                {device.tags.map((tag) => (
                  <Pill key={tag}>{tag}</Pill>
                ))}
              </div>
            </div>
            {shellTarget(device) !== undefined && (
              <Link href={`/devices/${device.id}/terminal`} className={buttonClass('plain')}>
                <SquareTerminal size={18} aria-hidden />
                <span className="max-sm:sr-only">Terminal</span>
              </Link>
            )}
            <DeviceMenu device={device} />
          </header>
          {device.blocked && <BlockedNote device={device} />}
          <ServicesPanel device={device} />
          <WifiDevicesPanel deviceId={device.id} />
          <SharesPanel device={device} />
          <ForwardsPanel device={device} />
          <HealthPanel device={device} />
          <ReadingsPanel deviceId={device.id} />
          <DeviceCredentialsPanel device={device} />
          <LinkPanel device={device} />
          <Panel
            title="Recent events"
            aside={
              <Link
                href={`/audit?deviceId=${device.id}`}
                className="text-sm text-accent underline underline-offset-2"
              >
                All events
              </Link>
            }
          >
            <AuditList filter={{ deviceId: device.id }} limit={8} />
          </Panel>
        </>
      )}
    </>
  );
}
