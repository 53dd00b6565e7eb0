import type { Device, Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { useMe } from '../session/index.ts';
import { Button, Confirm, Dialog, ErrorNote, Pill } from '../ui/index.ts';
import { PathCheckResult } from './path-check-result.tsx';
import { PathDialog } from './path-dialog.tsx';

type ServicePath = Service['paths'][number];

/** The paths that a service is published under beside its host name. Not there where the relay serves none. */
export function PathRoutes({ device, service }: { device: Device; service: Service }) {
  const me = useMe();
  const [adding, setAdding] = useState(false);
  const where = me?.relay.paths;
  const mayAdd = where !== undefined && (me?.account.role === 'admin' || where.forMembers);
  if (!mayAdd && service.paths.length === 0) return null;
  return (
    <div className="grid gap-3">
      {service.paths.length > 0 && (
        <ul aria-label={`Paths of ${service.name}`} className="grid gap-3">
          {service.paths.map((path) => (
            <PathRow key={path.id} device={device} path={path} />
          ))}
        </ul>
      )}
      {mayAdd && (
        <div>
          <Button small onClick={() => setAdding(true)}>
            Publish under a path…
          </Button>
        </div>
      )}
      {adding && where !== undefined && (
        <PathDialog device={device} service={service} where={where} onClose={() => setAdding(false)} />
      )}
    </div>
  );
}

function PathRow({ device, path }: { device: Device; path: ServicePath }) {
  const cache = useQueryClient();
  const [open, setOpen] = useState<'check' | 'remove'>();
  const refresh = () => cache.invalidateQueries({ queryKey: keys.device(device.id) });
  const changing = useMutation({
    mutationFn: () => api.changePath(path.id, !path.strip),
    onSuccess: refresh,
  });
  const close = () => setOpen(undefined);
  return (
    <li aria-label={path.prefix} className="grid gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="flex min-w-0 flex-wrap items-center gap-2 text-sm">
          <a
            href={path.url}
            target="_blank"
            rel="noopener"
            className="break-all underline underline-offset-2"
          >
            {path.url}
          </a>
          <Pill>{path.strip ? 'prefix removed' : 'path unchanged'}</Pill>
        </p>
        <div className="flex flex-wrap gap-2">
          <Button small disabled={!device.link.up} onClick={() => setOpen('check')}>
            Check
          </Button>
          <Button small busy={changing.isPending} onClick={() => changing.mutate()}>
            {path.strip ? 'Leave unchanged' : 'Remove prefix'}
          </Button>
          <Button small onClick={() => setOpen('remove')}>
            End…
          </Button>
        </div>
      </div>
      <ErrorNote error={changing.error} />
      {open === 'check' && <CheckDialog path={path} onClose={close} />}
      <Confirm
        open={open === 'remove'}
        onClose={close}
        title={`End ${path.prefix}?`}
        action="End the path"
        act={async () => {
          await api.removePath(path.id);
          await refresh();
        }}
      >
        <p>Links below it lead nowhere then. The service stays at its host name.</p>
        <p className="text-muted">The first part of the path stays reserved for your account.</p>
      </Confirm>
    </li>
  );
}

function CheckDialog({ path, onClose }: { path: ServicePath; onClose: () => void }) {
  const checking = useMutation({ mutationFn: () => api.checkPath(path.id) });
  const { data, error, isPending, mutate } = checking;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Check of ${path.prefix}`}
      lead="Fetches the page and some of its files through the device’s link, as you would, and looks for what leads outside the path."
    >
      <div className="grid gap-4">
        <div>
          <Button look="primary" busy={isPending} onClick={() => mutate()}>
            {data === undefined ? 'Check now' : 'Check again'}
          </Button>
        </div>
        <ErrorNote error={error} />
        {data !== undefined && <PathCheckResult check={data} />}
      </div>
    </Dialog>
  );
}
