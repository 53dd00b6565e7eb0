import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { Choice, ErrorNote } from '../ui/index.ts';

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
    <div className="grid gap-2 sm:max-w-80">
      <Choice
        label={`What is ${service.name}?`}
        value={shown}
        disabled={changing.isPending}
        onChange={(event) => changing.mutate(event.target.value as Kind)}
      >
        <option value="auto">{service.kindSet ? 'Find out' : `As found out: ${service.kind}`}</option>
        <option value="http">http: pages or an API</option>
        <option value="tcp">tcp: anything else</option>
      </Choice>
      <ErrorNote error={changing.error} />
    </div>
  );
}
