import type { ConsentRequest } from '@porchlight/protocol/api';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Button, ErrorNote, Field, SkeletonRows } from '../ui/index.ts';
import { CheckRow } from './check-row.tsx';
import { type Chosen, type ChosenServices, withDevice } from './choice.ts';

interface Choosable {
  readonly id: string;
  readonly name: string;
  readonly services: readonly string[];
}

/** On which devices: those that the app named, or all, or some that the person picks. */
export function DeviceChoice({
  asked,
  chosen,
  onChange,
}: {
  asked: ConsentRequest;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) {
  if (asked.devices !== undefined) {
    const devices = asked.devices.map(({ id, name, services }) => ({ id, name, services: services ?? [] }));
    return <DeviceRows devices={devices} chosen={chosen} onChange={onChange} />;
  }
  const all = chosen.devices === undefined;
  return (
    <div className="grid">
      <CheckRow
        kind="radio"
        name="reach"
        checked={all}
        onChange={() => onChange({ ...chosen, devices: undefined })}
        label="All my devices, also those that I add later"
      />
      <CheckRow
        kind="radio"
        name="reach"
        checked={!all}
        onChange={() => onChange({ ...chosen, devices: chosen.devices ?? new Map() })}
        label="Only some devices or services"
      />
      {!all && <DevicePicker chosen={chosen} onChange={onChange} />}
    </div>
  );
}

/** All devices of the person, with a search where they are many. */
function DevicePicker({ chosen, onChange }: { chosen: Chosen; onChange: (chosen: Chosen) => void }) {
  const [search, setSearch] = useState('');
  const found = useQuery({
    queryKey: keys.deviceList(search, 'for-consent'),
    queryFn: ({ signal }) => api.devices({ search, limit: 50 }, signal),
    placeholderData: keepPreviousData,
  });
  const devices = found.data?.items.map(({ id, name, services }) => ({
    id,
    name,
    services: services.map((service) => service.name),
  }));
  const many = search !== '' || found.data?.next !== undefined || (devices?.length ?? 0) > 8;
  return (
    <div className="mt-1 grid gap-2 pl-8">
      {many && (
        <Field
          label="Find a device"
          bare
          placeholder="Find a device"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ErrorNote error={found.error} onRetry={found.refetch} />
      {found.isPending && <SkeletonRows count={2} className="h-10" />}
      {devices?.length === 0 && <p className="text-sm text-muted">There is none.</p>}
      {devices !== undefined && (
        <div className="max-h-72 overflow-y-auto">
          <DeviceRows devices={devices} chosen={chosen} onChange={onChange} />
        </div>
      )}
    </div>
  );
}

function DeviceRows(props: {
  devices: readonly Choosable[];
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) {
  const { devices, chosen, onChange } = props;
  return (
    <ul aria-label="Devices" className="grid divide-y divide-line">
      {devices.map((device) => (
        <DeviceRow
          key={device.id}
          device={device}
          on={chosen.devices?.has(device.id) === true}
          services={chosen.devices?.get(device.id)}
          onChange={(services) => onChange(withDevice(chosen, device.id, services))}
        />
      ))}
    </ul>
  );
}

function DeviceRow(props: {
  device: Choosable;
  on: boolean;
  services: ChosenServices;
  onChange: (services: ChosenServices | false) => void;
}) {
  const { device, on, services, onChange } = props;
  // What was chosen at first is what was asked for: no more than that can be given.
  const [most] = useState(services);
  const offered = most ?? device.services;
  function toggle(service: string, wanted: boolean) {
    const others = (services ?? []).filter((one) => one !== service);
    onChange(wanted ? [...others, service] : others);
  }
  return (
    <li className="py-1">
      <div className="flex flex-wrap items-center justify-between gap-x-3">
        <CheckRow
          checked={on}
          onChange={(wanted) => onChange(wanted ? most : false)}
          label={<span className="font-medium">{device.name}</span>}
        />
        {on && most === undefined && offered.length > 1 && (
          <Button small look="quiet" onClick={() => onChange(services === undefined ? [] : undefined)}>
            {services === undefined ? 'Only some services…' : 'The whole device'}
          </Button>
        )}
      </div>
      {on && services !== undefined && (
        <div className="pl-8">
          {offered.map((service) => (
            <CheckRow
              key={service}
              checked={services.includes(service)}
              onChange={(wanted) => toggle(service, wanted)}
              label={service}
            />
          ))}
        </div>
      )}
    </li>
  );
}
