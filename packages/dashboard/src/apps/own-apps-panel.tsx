import type { App } from '@porchlight/protocol/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { AppLogo } from '../consent/index.ts';
import { Button, Confirm, ErrorNote, Panel, Pill, SkeletonRows } from '../ui/index.ts';
import { AppDialog } from './app-dialog.tsx';
import { SecretsDialog } from './secrets-dialog.tsx';

/** Apps that one makes oneself: OAuth clients. */
export function OwnAppsPanel() {
  const [making, setMaking] = useState(false);
  const apps = useQuery({ queryKey: keys.apps, queryFn: ({ signal }) => api.apps(signal) });
  return (
    <Panel
      title="Apps that you make"
      aside={
        <Button small onClick={() => setMaking(true)}>
          Register an app
        </Button>
      }
    >
      <p className="text-sm text-muted">
        For programmers: an app of your own asks people of this relay to be let in, by OAuth 2.
      </p>
      <ErrorNote error={apps.error} onRetry={apps.refetch} />
      {apps.isPending && <SkeletonRows count={1} className="h-16" />}
      {apps.data && apps.data.items.length > 0 && (
        <ul aria-label="Apps that you make" className="grid divide-y divide-line">
          {apps.data.items.map((app) => (
            <AppRow key={app.id} app={app} />
          ))}
        </ul>
      )}
      {making && <AppDialog onClose={() => setMaking(false)} />}
    </Panel>
  );
}

function AppRow({ app }: { app: App }) {
  const cache = useQueryClient();
  const [open, setOpen] = useState<'change' | 'secrets' | 'remove'>();
  const close = () => setOpen(undefined);

  async function remove() {
    await api.removeApp(app.id);
    await Promise.all([
      cache.invalidateQueries({ queryKey: keys.apps }),
      cache.invalidateQueries({ queryKey: keys.appGrants }),
    ]);
  }

  return (
    <li className="flex flex-wrap items-center gap-3 py-3 first:pt-0 last:pb-0">
      <AppLogo app={{ ...app, owner: 'you' }} />
      <div className="grid min-w-0 grow basis-56 gap-0.5">
        <p className="flex flex-wrap items-center gap-2 font-medium break-words">
          {app.name} <Pill>{app.confidential ? 'confidential' : 'public'}</Pill>
        </p>
        <p className="font-mono text-sm break-all text-muted">{app.id}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button small aria-label={`Change ${app.name}`} onClick={() => setOpen('change')}>
          Change…
        </Button>
        {app.confidential && (
          <Button small aria-label={`Secrets of ${app.name}`} onClick={() => setOpen('secrets')}>
            Secrets…
          </Button>
        )}
        <Button small aria-label={`Remove ${app.name}`} onClick={() => setOpen('remove')}>
          Remove…
        </Button>
      </div>
      {open === 'change' && <AppDialog app={app} onClose={close} />}
      {open === 'secrets' && <SecretsDialog app={app} onClose={close} />}
      <Confirm
        open={open === 'remove'}
        onClose={close}
        title={`Remove ${app.name}?`}
        action="Remove the app"
        act={remove}
      >
        <p>It is refused from now on, for everybody who let it in. Its client id is never given again.</p>
      </Confirm>
    </li>
  );
}
