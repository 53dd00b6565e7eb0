import type { AccessMode, Service, ServiceChange } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Button, Choice, Confirm, ErrorNote } from '../ui/index.ts';
import { BasicDialog } from './basic-dialog.tsx';
import { UsersDialog } from './users-dialog.tsx';

const MODES: Readonly<Record<AccessMode, { label: string; hint: string }>> = {
  login: { label: 'Only me, signed in', hint: 'Whoever is not signed in here is asked to.' },
  basic: {
    label: 'Anyone with a password',
    hint: 'The browser asks for a user name and a password of this service.',
  },
  token: {
    label: 'Programs with an access token',
    hint: 'They send one of your access tokens; make it in Settings.',
  },
  public: { label: 'Everyone', hint: 'Anyone who knows the address, without signing in.' },
};
const ORDER = Object.keys(MODES) as AccessMode[];

/** Who may open the service. Opening it to everyone is asked twice. */
export function AccessChoice({ deviceId, service }: { deviceId: string; service: Service }) {
  const cache = useQueryClient();
  const [asking, setAsking] = useState<'basic' | 'users' | 'public'>();
  const change = async (body: ServiceChange) => {
    await api.changeService(deviceId, service.name, body);
    await cache.invalidateQueries({ queryKey: keys.device(deviceId) });
    void cache.invalidateQueries({ queryKey: keys.audits });
  };
  const changing = useMutation({ mutationFn: change });
  const close = () => setAsking(undefined);

  function choose(mode: AccessMode) {
    if (mode === 'public' || (mode === 'basic' && service.basicUsers.length === 0)) setAsking(mode);
    else changing.mutate({ access: mode });
  }

  const shown = (changing.isPending && changing.variables.access) || service.access;
  return (
    <div className="grid gap-2">
      <div className="grid items-end gap-3 sm:grid-cols-[20rem_auto]">
        <Choice
          label={`Who may open ${service.name}?`}
          hint={MODES[shown].hint}
          value={shown}
          disabled={changing.isPending}
          onChange={(event) => choose(event.target.value as AccessMode)}
        >
          {ORDER.map((mode) => (
            <option key={mode} value={mode}>
              {MODES[mode].label}
            </option>
          ))}
        </Choice>
        {service.access === 'basic' && (
          <div className="flex flex-wrap items-center gap-3 text-sm sm:pb-6">
            <span className="text-muted">
              {service.basicUsers.length === 1 ? 'User' : 'Users'}{' '}
              <strong className="break-all text-ink">{service.basicUsers.join(', ')}</strong>
            </span>
            <Button small onClick={() => setAsking('users')}>
              Users and passwords…
            </Button>
          </div>
        )}
      </div>
      <ErrorNote error={changing.error} />
      {asking === 'users' && <UsersDialog deviceId={deviceId} service={service} onClose={close} />}
      {asking === 'basic' && <BasicDialog service={service} change={change} onClose={close} />}
      <Confirm
        open={asking === 'public'}
        onClose={close}
        title={`Open ${service.name} to everyone?`}
        action="Open it to everyone"
        act={() => change({ access: 'public' })}
      >
        <p>Anyone who knows or guesses the address reaches it, without signing in.</p>
        <p className="text-muted">
          The device’s own rules still hold, and you can close it again at any time.
        </p>
      </Confirm>
    </div>
  );
}
