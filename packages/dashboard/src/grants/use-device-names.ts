import { useQuery } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';

/** Names of the first hundred devices by their ids; whose grants name others are told of these by number. */
export function useDeviceNames(): ReadonlyMap<string, string> {
  const list = useQuery({
    queryKey: keys.deviceChoices(''),
    queryFn: ({ signal }) => api.devices({ limit: 100 }, signal),
  });
  return new Map(list.data?.items.map(({ id, name }) => [id, name]));
}
