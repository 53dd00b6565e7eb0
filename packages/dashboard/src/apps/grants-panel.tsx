import type { AppGrant } from '@porchlight/protocol/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { AppLogo } from '../consent/index.ts';
import { Ago } from '../format/index.ts';
import { Button, Confirm, ErrorNote, Panel, SkeletonRows } from '../ui/index.ts';
import { mayWords, whereWords } from './grant-words.ts';

/** Apps that were let in, each time that they were. */
export function GrantsPanel() {
  const grants = useQuery({ queryKey: keys.appGrants, queryFn: ({ signal }) => api.appGrants(signal) });
  return (
    <Panel title="Connected apps">
      <ErrorNote error={grants.error} onRetry={grants.refetch} />
      {grants.isPending && <SkeletonRows count={2} className="h-16" />}
      {grants.data?.items.length === 0 && (
        <p className="text-sm text-muted">
          None yet. An app that wants in sends you to a page that asks you.
        </p>
      )}
      {grants.data && grants.data.items.length > 0 && (
        <ul aria-label="Connected apps" className="grid divide-y divide-line">
          {grants.data.items.map((grant) => (
            <GrantRow key={grant.id} grant={grant} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function GrantRow({ grant }: { grant: AppGrant }) {
  const cache = useQueryClient();
  const [ending, setEnding] = useState(false);
  const { app } = grant;

  async function end() {
    await api.endAppGrant(grant.id);
    await cache.invalidateQueries({ queryKey: keys.appGrants });
  }

  return (
    <li className="flex flex-wrap items-center gap-3 py-3 first:pt-0 last:pb-0">
      <AppLogo app={app} />
      <div className="grid min-w-0 grow basis-56 gap-0.5">
        <p className="font-medium break-words">
          {app.name}
          {app.owner !== undefined && <span className="font-normal text-muted"> by {app.owner}</span>}
        </p>
        <p className="text-sm break-words">
          {mayWords(grant)} {whereWords(grant)}
          {grant.linkButton && ' It may press the link button there.'}
        </p>
        <p className="text-sm text-muted">
          Let in <Ago at={grant.createdAt} />
          {' · '}
          {grant.lastUsedAt === undefined ? (
            'not used yet'
          ) : (
            <>
              last used <Ago at={grant.lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`End the access of ${app.name}`} onClick={() => setEnding(true)}>
        End access…
      </Button>
      <Confirm
        open={ending}
        onClose={() => setEnding(false)}
        title={`End the access of ${app.name}?`}
        action="End its access"
        act={end}
      >
        <p>It is refused from now on, and what it has open is cut off. It may ask you again.</p>
      </Confirm>
    </li>
  );
}
