import { Plus, Search } from 'lucide-react';
import { Link, useSearchParams } from 'wouter';
import { plural } from '../format/index.ts';
import { useTitle } from '../page/index.ts';
import {
  Button,
  buttonClass,
  Empty,
  ErrorNote,
  Field,
  Lantern,
  LoadMore,
  PageHead,
  SkeletonRows,
} from '../ui/index.ts';
import { DeviceCard } from './device-card.tsx';
import { TagFilter } from './tag-filter.tsx';
import { useDevices, useSettled } from './use-devices.ts';

/** All devices of the account. Search and tag stand in the address, so that they can be kept as a bookmark. */
export function DevicesPage() {
  useTitle('Devices');
  const [params, setParams] = useSearchParams();
  const search = params.get('search') ?? '';
  const tag = params.get('tag') ?? undefined;
  const settled = useSettled(search.trim(), 250);
  const list = useDevices(settled, tag);
  const devices = list.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = settled !== '' || tag !== undefined;
  const bare = list.isSuccess && devices.length === 0 && !filtered && search === '';

  function filter(change: { search?: string; tag?: string | undefined }) {
    const next = { search, tag, ...change };
    const kept = Object.entries(next).filter(([, value]) => value !== undefined && value !== '') as [
      string,
      string,
    ][];
    setParams(new URLSearchParams(kept), { replace: true });
  }

  return (
    <>
      <PageHead
        title="Devices"
        lead={list.isSuccess && !bare ? summary(devices, list.hasNextPage) : '\u00a0'}
      >
        <Link href="/add" className={buttonClass('primary')}>
          <Plus size={18} aria-hidden />
          Add a device
        </Link>
      </PageHead>
      {!bare && (
        <div className="grid gap-3">
          <div className="relative">
            <Search size={18} aria-hidden className="pointer-events-none absolute top-3 left-3 text-muted" />
            <Field
              bare
              type="search"
              label="Search devices"
              placeholder="Search by name or tag"
              className="pl-10"
              maxLength={100}
              value={search}
              onChange={(event) => filter({ search: event.target.value })}
            />
          </div>
          <TagFilter
            devices={devices}
            chosen={tag}
            loading={list.isPending}
            onChoose={(chosen) => filter({ tag: chosen })}
          />
        </div>
      )}
      <ErrorNote error={list.error} onRetry={list.refetch} />
      {list.isPending && <SkeletonRows count={4} className="h-[9.75rem] rounded-2xl sm:h-[6.75rem]" />}
      {bare && <FirstDevice />}
      {list.isSuccess && devices.length === 0 && !bare && (
        <Empty title="No device matches">
          <p>Look for another part of the name, or for a tag.</p>
          <Button onClick={() => filter({ search: '', tag: undefined })}>Show all devices</Button>
        </Empty>
      )}
      {devices.length > 0 && (
        <ul aria-label="Devices" className="grid gap-3">
          {devices.map((device) => (
            <DeviceCard key={device.id} device={device} />
          ))}
        </ul>
      )}
      <LoadMore query={list} />
    </>
  );
}

function summary(devices: readonly { link: { up: boolean } }[], more: boolean): string {
  const up = devices.filter((device) => device.link.up).length;
  return `${up} of ${plural(devices.length, 'device')} online${more ? ', among those shown' : ''}.`;
}

function FirstDevice() {
  return (
    <Empty title="No devices yet" art={<Lantern lit={false} size={56} />}>
      <p>
        Add the first one: two commands on a machine at home, and Allow here. Nothing has to be opened on your
        router.
      </p>
      <Link href="/add" className={buttonClass('primary')}>
        Add your first device
      </Link>
    </Empty>
  );
}
