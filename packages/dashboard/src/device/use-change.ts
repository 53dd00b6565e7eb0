import type { DeviceChange } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';

/** Changes what is kept of a device, and shows it changed everywhere. */
export function useChange(id: string, onDone?: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: DeviceChange) => api.changeDevice(id, change),
    onSuccess(device) {
      cache.setQueryData(keys.device(id), device);
      void cache.invalidateQueries({ queryKey: keys.deviceLists });
      void cache.invalidateQueries({ queryKey: keys.audits });
      onDone?.();
    },
  });
}
