import type { Session } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { Button, ErrorNote, Panel, Pill, SkeletonRows } from '../ui/index.ts';
import { browserName } from './browser-name.ts';

/** Where one is signed in, and how to end it. */
export function SessionsPanel() {
  const cache = useQueryClient();
  const sessions = useQuery({ queryKey: keys.sessions, queryFn: ({ signal }) => api.sessions(signal) });
  const refresh = () => cache.invalidateQueries({ queryKey: keys.sessions });
  const ending = useMutation({ mutationFn: api.endSession, onSuccess: refresh });
  const endingOthers = useMutation({ mutationFn: api.endOtherSessions, onSuccess: refresh });
  const items = sessions.data?.items ?? [];

  return (
    <Panel
      title="Sessions"
      aside={
        items.length > 1 && (
          <Button small busy={endingOthers.isPending} onClick={() => endingOthers.mutate()}>
            End all others
          </Button>
        )
      }
    >
      <ErrorNote error={sessions.error ?? ending.error ?? endingOthers.error} />
      {sessions.isPending && <SkeletonRows count={2} className="h-14" />}
      {items.length > 0 && (
        <ul aria-label="Sessions" className="grid divide-y divide-line">
          {items.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              busy={ending.isPending && ending.variables === session.id}
              onEnd={() => ending.mutate(session.id)}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function SessionRow({ session, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid gap-0.5">
        <div className="flex flex-wrap items-center gap-2">
          <span title={session.userAgent}>{browserName(session.userAgent)}</span>
          {session.current && <Pill tone="good">this one</Pill>}
        </div>
        <p className="text-sm text-muted">
          From {session.address} · signed in <Ago at={session.createdAt} /> · last seen{' '}
          <Ago at={session.lastSeenAt} />
        </p>
      </div>
      {!session.current && (
        <Button small busy={busy} onClick={onEnd}>
          End
        </Button>
      )}
    </li>
  );
}
