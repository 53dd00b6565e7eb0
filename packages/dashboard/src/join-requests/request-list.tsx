import type { Device, JoinRequest } from '@porchlight/protocol/api';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { keys, type Page } from '../api/index.ts';
import { ErrorNote } from '../ui/index.ts';
import { CodeEntry } from './code-entry.tsx';
import { JoinRequestCard } from './request-card.tsx';
import { useJoinRequests } from './use-requests.ts';

interface JoinRequestListProps {
  readonly onAllowed: (device: Device) => void;
  /** Shown while nobody is at the door. */
  readonly empty: ReactNode;
  /** A code to look for at once. */
  readonly code?: string | undefined;
}

/** Everybody at the door, live, and the way to find one by its code. */
export function JoinRequestList({ onAllowed, empty, code }: JoinRequestListProps) {
  const cache = useQueryClient();
  const requests = useJoinRequests();

  function add(request: JoinRequest) {
    cache.setQueryData<Page<JoinRequest>>(keys.joinRequests, (page) => ({
      items: [request, ...(page?.items ?? []).filter((item) => item.id !== request.id)],
    }));
  }

  return (
    <div className="grid gap-4">
      {requests.isPending && (
        <div role="status" aria-label="Loading" className="animate-breathe rounded-2xl bg-raised">
          {/* Of the size of what most often comes. */}
          <div className="invisible" inert>
            {empty}
          </div>
        </div>
      )}
      <ErrorNote error={requests.error} onRetry={requests.refetch} />
      {requests.data?.items.length === 0 && empty}
      {requests.data?.items.map((request) => (
        <JoinRequestCard key={request.id} request={request} onAllowed={onAllowed} />
      ))}
      <section aria-label="Find by code" className="grid gap-3 border-t border-line pt-4">
        <p className="text-muted">The device shows a code, but nothing appears here?</p>
        <CodeEntry onFound={add} given={code} />
      </section>
    </div>
  );
}
