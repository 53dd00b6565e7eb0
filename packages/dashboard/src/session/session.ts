import type { Me } from '@porchlight/protocol/api';
import { QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import { ApiError, api, keys } from '../api/index.ts';
import { signInPath } from './next-path.ts';

/** Goes to the sign-in page and from there back to this one. */
export function leaveToSignIn(): void {
  if (location.pathname === '/sign-in' || location.pathname === '/setup') return;
  location.assign(signInPath(location.pathname + location.search));
}

function leaveIfSignedOut(error: Error): void {
  if (error instanceof ApiError && error.code === 'not_signed_in') leaveToSignIn();
}

/** The cache of all answers. An answer "not signed in" leads to the sign-in page, from wherever it came. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      },
      mutations: { onError: leaveIfSignedOut },
    },
  });
}

/** Who is signed in, and where; pages inside the shell have it from the start. */
export function useMe(): Me | undefined {
  return useQuery({ queryKey: keys.me, queryFn: ({ signal }) => api.me(signal), staleTime: 5 * 60_000 }).data;
}
