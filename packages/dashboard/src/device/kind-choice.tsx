import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { ErrorNote } from '../ui/index.ts';

type Kind = 'http' | 'tcp' | 'auto';

/** What the service is: as the device says or trying has found, or as a person knows better. */
export function KindChoice({ deviceId, service }: { deviceId: string; service: Service }) {
  const cache = useQueryClient();
  const changing = useMutation({
    mutationFn: (kind: Kind) => api.changeService(deviceId, service.name, { kind }),
    async onSuccess() {
      await cache.invalidateQueries({ queryKey: keys.device(deviceId) });
      void cache.invalidateQueries({ queryKey: keys.audits });
    },
  });
  const kept = service.kindSet ? service.kind : 'auto';
  const shown = changing.isPending ? changing.variables : kept;
  return (
    <>
      <select
        aria-label={`Kind of ${service.name}`}
        value={shown}
        disabled={changing.isPending}
        onChange={(event) => changing.mutate(event.target.value as Kind)}
        className="min-h-9 rounded-full border-0 bg-raised px-2.5 text-xs font-medium text-muted"
      >
        <option value="auto">{service.kindSet ? 'find out' : `${service.kind}, as found`}</option>
        <option value="http">http</option>
        <option value="tcp">tcp</option>
      </select>
      <ErrorNote error={changing.error} />
    </>
  );
}
