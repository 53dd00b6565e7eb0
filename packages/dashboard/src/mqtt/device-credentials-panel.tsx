import type { Device, MadeMqttCredential } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Dialog, ErrorNote, Field, formText, Panel, SkeletonRows } from '../ui/index.ts';
import { ConnectionList } from './connection-list.tsx';
import { CredentialRow } from './credential-row.tsx';
import { MadeCredential } from './made-credential.tsx';

/** What the device signs in to the MQTT broker with. */
export function DeviceCredentialsPanel({ device }: { device: Device }) {
  const cache = useQueryClient();
  const [making, setMaking] = useState(false);
  const queryKey = keys.mqttCredentials(device.id);
  const list = useQuery({ queryKey, queryFn: ({ signal }) => api.mqttCredentials(device.id, signal) });
  return (
    <Panel
      title="MQTT"
      aside={
        <Button small onClick={() => setMaking(true)}>
          New credential
        </Button>
      }
    >
      <p className="text-sm text-muted">
        With a user name and password of its own the device publishes below{' '}
        <code className="break-all">device/{device.name}/</code>; what it sends to{' '}
        <code className="break-all">device/{device.name}/telemetry/…</code> is shown here.
      </p>
      <ErrorNote error={list.error} onRetry={list.refetch} />
      {list.isPending && <SkeletonRows count={1} className="h-14" />}
      {list.data?.items.length === 0 && <p className="text-sm">It has none.</p>}
      {list.data && list.data.items.length > 0 && (
        <ul aria-label="MQTT credentials" className="grid divide-y divide-line">
          {list.data.items.map((credential) => (
            <CredentialRow
              key={credential.id}
              name={credential.name === '' ? 'Credential' : credential.name}
              credential={credential}
              revoke={async () => {
                await api.revokeMqttCredential(device.id, credential.id);
                await cache.invalidateQueries({ queryKey });
              }}
            />
          ))}
        </ul>
      )}
      <h3 className="font-medium">Connected now</h3>
      <ConnectionList deviceId={device.id} empty="It is not connected over MQTT." />
      {making && <NewCredentialDialog device={device} onClose={() => setMaking(false)} />}
    </Panel>
  );
}

function NewCredentialDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeMqttCredential>();
  const making = useMutation({
    mutationFn: (name: string) => api.makeMqttCredential(device.id, { name }),
    onSuccess(credential) {
      void cache.invalidateQueries({ queryKey: keys.mqttCredentials(device.id) });
      setMade(credential);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    making.mutate(formText(new FormData(event.currentTarget), 'name'));
  }

  return (
    <Dialog open onClose={onClose} title={made ? `For ${device.name}` : 'New MQTT credential'}>
      {made ? (
        <MadeCredential made={made} topic={`device/${device.name}/telemetry/temperature`} onClose={onClose} />
      ) : (
        <form className="grid gap-4" onSubmit={submit}>
          <Field
            label="Name"
            name="name"
            maxLength={100}
            hint="What will use it, such as “sensor firmware”."
          />
          <ErrorNote error={making.error} />
          <Actions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={making.isPending}>
              Make it
            </Button>
          </Actions>
        </form>
      )}
    </Dialog>
  );
}
