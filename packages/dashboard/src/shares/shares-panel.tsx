import type { Device, Share } from '@porchlight/protocol/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago, plural } from '../format/index.ts';
import { Button, Confirm, ErrorNote, Panel, Pill } from '../ui/index.ts';

/** The share links to a device's services; not there when there are none. */
export function SharesPanel({ device }: { device: Device }) {
  const shares = useQuery(sharesQuery(device.id));
  if (shares.data?.items.length === 0 || (shares.isPending && !shares.isError)) return null;
  return (
    <Panel title="Share links">
      <ErrorNote error={shares.error} onRetry={shares.refetch} />
      {shares.data && (
        <ul aria-label="Share links" className="grid divide-y divide-line">
          {shares.data.items.map((share) => (
            <ShareRow key={share.id} share={share} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

export const sharesQuery = (deviceId: string) => ({
  queryKey: keys.shares(deviceId),
  queryFn: ({ signal }: { signal: AbortSignal }) => api.shares(deviceId, signal),
});

function ShareRow({ share }: { share: Share }) {
  const cache = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const [drawnAt] = useState(() => Date.now());
  const over = share.usesLeft === 0 || (share.expiresAt !== undefined && share.expiresAt <= drawnAt);
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid gap-0.5">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {share.name}
          <Pill>{share.service}</Pill>
          <Pill>{share.scope === 'read' ? 'look only' : 'full use'}</Pill>
          {share.password && <Pill>password</Pill>}
          {over && <Pill tone="bad">ended</Pill>}
        </p>
        <p className="text-sm text-muted">
          {share.lastUsedAt === undefined ? (
            'Not opened yet'
          ) : (
            <>
              Opened {plural(share.used, 'time')}, last <Ago at={share.lastUsedAt} />
            </>
          )}
          {share.usesLeft !== undefined && ` · ${plural(share.usesLeft, 'use')} left`}
          {' · '}
          {share.expiresAt === undefined ? (
            'never ends'
          ) : (
            <>
              ends <Ago at={share.expiresAt} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`Revoke ${share.name}`} onClick={() => setRevoking(true)}>
        Revoke…
      </Button>
      <Confirm
        open={revoking}
        onClose={() => setRevoking(false)}
        title={`Revoke the link “${share.name}”?`}
        action="Revoke the link"
        act={async () => {
          await api.revokeShare(share.id);
          await cache.invalidateQueries({ queryKey: keys.shares(share.deviceId) });
        }}
      >
        <p>Whoever came in by it is out at once.</p>
      </Confirm>
    </li>
  );
}
