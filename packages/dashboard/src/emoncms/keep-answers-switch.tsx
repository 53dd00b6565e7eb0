import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { ErrorNote } from '../ui/index.ts';

/** Whether the relay keeps the last answers, for when the home is offline. */
export function KeepAnswersSwitch({ deviceId, service }: { deviceId: string; service: Service }) {
  const cache = useQueryClient();
  const changing = useMutation({
    mutationFn: async (keepLastAnswers: boolean) => {
      await api.changeService(deviceId, service.name, { keepLastAnswers });
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
          checked={changing.isPending ? changing.variables : service.keepLastAnswers}
          disabled={changing.isPending}
          onChange={(event) => changing.mutate(event.target.checked)}
        />
        <span className="grid gap-0.5">
          <span className="text-sm font-medium">Show the last answers when the home is offline</span>
          <span className="max-w-prose text-sm text-muted">
            The relay then keeps the lists and graphs that you last looked at, in its memory only. Turned off,
            they are forgotten at once.
          </span>
        </span>
      </label>
      <ErrorNote error={changing.error} />
    </div>
  );
}
