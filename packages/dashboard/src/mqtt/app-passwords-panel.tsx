import type { MadeAppPassword } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import {
  Actions,
  Button,
  Choice,
  Dialog,
  ErrorNote,
  Field,
  formText,
  Panel,
  SkeletonRows,
} from '../ui/index.ts';
import { CredentialRow } from './credential-row.tsx';
import { MadeCredential } from './made-credential.tsx';

/** Homes that are offered to choose from. */
const HOMES_MAX = 500;

/** App passwords: for programs that act at the MQTT broker in the account's place. */
export function AppPasswordsPanel() {
  const cache = useQueryClient();
  const [making, setMaking] = useState(false);
  const list = useQuery({ queryKey: keys.appPasswords, queryFn: ({ signal }) => api.appPasswords(signal) });
  const homes = useHomes();
  return (
    <Panel
      title="App passwords"
      aside={
        <Button small onClick={() => setMaking(true)}>
          New app password
        </Button>
      }
    >
      <p className="text-sm text-muted">
        For programs that speak MQTT in your name, such as emoncms remote access. Each has a password that you
        can revoke without changing your own.
      </p>
      <ErrorNote error={list.error} onRetry={list.refetch} />
      {list.isPending && <SkeletonRows count={1} className="h-14" />}
      {list.data?.items.length === 0 && <p className="text-sm">You have none.</p>}
      {list.data && list.data.items.length > 0 && (
        <ul aria-label="App passwords" className="grid divide-y divide-line">
          {list.data.items.map((one) => (
            <CredentialRow
              key={one.id}
              name={one.name}
              credential={one}
              revoke={async () => {
                await api.revokeAppPassword(one.id);
                await cache.invalidateQueries({ queryKey: keys.appPasswords });
              }}
            >
              {one.deviceId !== undefined && (
                <>for {homes.find(({ id }) => id === one.deviceId)?.name ?? 'a device'} · </>
              )}
            </CredentialRow>
          ))}
        </ul>
      )}
      {making && <NewAppPasswordDialog onClose={() => setMaking(false)} />}
    </Panel>
  );
}

function useHomes(): readonly { readonly id: string; readonly name: string }[] {
  const query = { limit: HOMES_MAX };
  const devices = useQuery({
    queryKey: keys.homes,
    queryFn: ({ signal }) => api.devices(query, signal),
  });
  return devices.data?.items ?? [];
}

function NewAppPasswordDialog({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const homes = useHomes();
  const [made, setMade] = useState<MadeAppPassword>();
  const making = useMutation({
    mutationFn: api.makeAppPassword,
    onSuccess(password) {
      void cache.invalidateQueries({ queryKey: keys.appPasswords });
      setMade(password);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const deviceId = formText(form, 'deviceId');
    making.mutate({ name: formText(form, 'name'), ...(deviceId === '' ? {} : { deviceId }) });
  }

  return (
    <Dialog open onClose={onClose} title={made ? 'Your new app password' : 'New app password'}>
      {made ? (
        <MadeCredential made={made} topic={`user/${made.username}/hello`} onClose={onClose} />
      ) : (
        <form className="grid gap-4" onSubmit={submit}>
          <Field
            label="Name"
            name="name"
            required
            maxLength={100}
            hint="What will use it, such as “emonpi at home”."
          />
          <Choice label="Stands for" name="deviceId" defaultValue="">
            <option value="">no device in particular</option>
            {homes.map((home) => (
              <option key={home.id} value={home.id}>
                {home.name}
              </option>
            ))}
          </Choice>
          <ErrorNote error={making.error} />
          <Actions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={making.isPending}>
              Make the password
            </Button>
          </Actions>
        </form>
      )}
    </Dialog>
  );
}
