import { useInfiniteQuery } from '@tanstack/react-query';
import { type AuditFilter, api, keys } from '../api/index.ts';

/** The audit log, newest first, page by page. */
export function useAudit(filter: AuditFilter, limit?: number) {
  return useInfiniteQuery({
    queryKey: [...keys.audit(filter), limit ?? 0],
    queryFn: ({ pageParam, signal }) =>
      api.audit(
        { ...filter, ...(limit ? { limit } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  });
}
