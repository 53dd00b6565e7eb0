import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { ErrorNote } from '../ui/index.ts';

/** True for a service that is, or by its name may be, a Hue bridge. */
export function mayBeHueBridge({ name, kind, hueRemote }: Service): boolean {
  return hueRemote || (kind === 'http' && /hue|lights?|lamps?|bridge/.test(name));
}

/** Whether apps may use the bridge from far away, by the Hue remote API. */
export function HueSwitch({ deviceId, service }: { deviceId: string; service: Service }) {
  const cache = useQueryClient();
  const changing = useMutation({
    mutationFn: async (hueRemote: boolean) => {
      await api.changeService(deviceId, service.name, { hueRemote });
      await cache.invalidateQueries({ queryKey: keys.device(deviceId) });
      void cache.invalidateQueries({ queryKey: keys.audits });
    },
  });
  return (
    <div className="grid gap-2">
      <label className="flex min-h-11 items-start gap-3 py-1">
        <input
          type="checkbox"
          className="mt-1 size-4 shrink-0 accent-accent"
          checked={changing.isPending ? changing.variables : service.hueRemote}
          disabled={changing.isPending}
          onChange={(event) => changing.mutate(event.target.checked)}
        />
        <span className="grid gap-0.5">
          <span className="text-sm font-medium">Hue apps may use it out of home</span>
          <span className="max-w-prose text-sm break-words text-muted">
            For a Hue bridge. Apps of the Hue remote API reach it at{' '}
            {`${location.protocol}//hue.${location.host}`}, each after you let it in. Turned off, they are
            refused at once.
          </span>
        </span>
      </label>
      <ErrorNote error={changing.error} />
    </div>
  );
}
