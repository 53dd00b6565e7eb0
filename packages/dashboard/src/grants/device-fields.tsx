import type { Device, Grant } from '@porchlight/protocol/api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { ErrorNote, Field, SkeletonRows } from '../ui/index.ts';

type Reached = NonNullable<Grant['devices']>;

/** As many as a grant can name; whoever has more finds theirs by searching. */
const SHOWN_MAX = 100;
const CHECK = 'mt-0.5 size-5 shrink-0 accent-accent';

interface DeviceFieldsProps {
  /** Undefined: all devices. */
  readonly devices: Grant['devices'];
  readonly onChange: (devices: Grant['devices']) => void;
}

/** All devices, or some of them, or some services of these. */
export function DeviceFields({ devices, onChange }: DeviceFieldsProps) {
  const [search, setSearch] = useState('');
  const some = devices !== undefined;
  const list = useQuery({
    queryKey: keys.deviceChoices(search),
    queryFn: ({ signal }) => api.devices({ search, limit: SHOWN_MAX }, signal),
    enabled: some,
  });
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 text-sm font-medium">At which devices?</legend>
      {[false, true].map((choice) => (
        <label key={String(choice)} className="flex min-h-9 items-start gap-3 text-sm">
          <input
            type="radio"
            name="reach"
            className={CHECK}
            checked={some === choice}
            onChange={() => onChange(choice ? [] : undefined)}
          />
          {choice ? 'Only those I choose' : 'All of them, later ones too'}
        </label>
      ))}
      {some && (
        <div className="grid gap-3 rounded-lg border border-line p-3">
          {(search !== '' || list.data?.next !== undefined) && (
            <Field
              label="Find"
              value={search}
              maxLength={100}
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
          <ErrorNote error={list.error} onRetry={list.refetch} />
          {list.isPending && <SkeletonRows count={2} className="h-9" />}
          {list.data?.items.length === 0 && <p className="text-sm text-muted">No devices.</p>}
          <ul aria-label="Devices" className="grid max-h-72 gap-2 overflow-y-auto">
            {list.data?.items.map((device) => (
              <DeviceChoice key={device.id} device={device} reached={devices} onChange={onChange} />
            ))}
          </ul>
        </div>
      )}
    </fieldset>
  );
}

interface DeviceChoiceProps {
  readonly device: Device;
  readonly reached: Reached;
  readonly onChange: (devices: Reached) => void;
}

function DeviceChoice({ device, reached, onChange }: DeviceChoiceProps) {
  const mine = reached.find(({ id }) => id === device.id);
  const others = reached.filter(({ id }) => id !== device.id);
  const chosen = new Set(mine?.services ?? []);

  function toggleService(name: string) {
    if (chosen.has(name)) chosen.delete(name);
    else chosen.add(name);
    onChange([...others, chosen.size === 0 ? { id: device.id } : { id: device.id, services: [...chosen] }]);
  }

  return (
    <li className="grid gap-1">
      <label className="flex min-h-9 items-start gap-3 text-sm">
        <input
          type="checkbox"
          className={CHECK}
          checked={mine !== undefined}
          onChange={() => onChange(mine === undefined ? [...others, { id: device.id }] : others)}
        />
        {device.name}
      </label>
      {mine !== undefined && device.services.length > 0 && (
        <details className="ml-8 text-sm" open={mine.services !== undefined}>
          <summary className="min-h-7 cursor-pointer text-muted">
            {mine.services === undefined ? 'All of it' : `Only ${mine.services.join(', ')}`}
          </summary>
          <div className="grid gap-1 pt-1">
            {device.services.map(({ name }) => (
              <label key={name} className="flex min-h-8 items-start gap-3">
                <input
                  type="checkbox"
                  className={CHECK}
                  checked={chosen.has(name)}
                  onChange={() => toggleService(name)}
                />
                {name}
              </label>
            ))}
          </div>
        </details>
      )}
    </li>
  );
}
