import type { SshKey } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { useMe } from '../session/index.ts';
import {
  Actions,
  Button,
  Commands,
  Confirm,
  Dialog,
  ErrorNote,
  Field,
  formText,
  Note,
  Panel,
  SkeletonRows,
} from '../ui/index.ts';
import { operatorCommand } from './operator-command.ts';

/** SSH keys: with one of them a person comes in as an operator. */
export function SshKeysPanel() {
  const [adding, setAdding] = useState(false);
  const relay = useMe()?.relay;
  const list = useQuery({ queryKey: keys.sshKeys, queryFn: ({ signal }) => api.sshKeys(signal) });
  return (
    <Panel
      title="SSH keys"
      aside={
        <Button small onClick={() => setAdding(true)}>
          Add a key
        </Button>
      }
    >
      <p className="text-sm text-muted">
        With one of these keys you reach your devices from any terminal. An access token works too, as the
        password.
      </p>
      <ErrorNote error={list.error} onRetry={list.refetch} />
      {list.isPending && <SkeletonRows count={1} className="h-14" />}
      {list.data?.items.length === 0 && <p className="text-sm">You have none.</p>}
      {list.data && list.data.items.length > 0 && (
        <ul aria-label="SSH keys" className="grid divide-y divide-line">
          {list.data.items.map((key) => (
            <KeyRow key={key.id} sshKey={key} />
          ))}
        </ul>
      )}
      {relay !== undefined && relay.sshPort !== undefined && (
        <Commands label="Your devices in a terminal" lines={[operatorCommand(relay.domain, relay.sshPort)]} />
      )}
      {adding && <AddKeyDialog onClose={() => setAdding(false)} />}
    </Panel>
  );
}

function KeyRow({ sshKey }: { sshKey: SshKey }) {
  const cache = useQueryClient();
  const [removing, setRemoving] = useState(false);

  async function remove() {
    await api.removeSshKey(sshKey.id);
    await cache.invalidateQueries({ queryKey: keys.sshKeys });
  }

  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid min-w-0 gap-0.5">
        <p className="font-medium break-words">{sshKey.name}</p>
        <p className="font-mono text-sm break-all">{sshKey.fingerprint}</p>
        <p className="text-sm text-muted">
          {sshKey.type.replace(/^ssh-/, '')}
          {' · added '}
          <Ago at={sshKey.createdAt} />
          {' · '}
          {sshKey.lastUsedAt === undefined ? (
            'not used yet'
          ) : (
            <>
              last used <Ago at={sshKey.lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`Remove ${sshKey.name}`} onClick={() => setRemoving(true)}>
        Remove…
      </Button>
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Remove ${sshKey.name}?`}
        action="Remove the key"
        act={remove}
      >
        <p>Connections that came in with it end at once.</p>
      </Confirm>
    </li>
  );
}

function AddKeyDialog({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const [isSecret, setIsSecret] = useState(false);
  const adding = useMutation({
    mutationFn: api.addSshKey,
    async onSuccess() {
      await cache.invalidateQueries({ queryKey: keys.sshKeys });
      onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const publicKey = formText(form, 'publicKey');
    // It stays in this page: a private key must not even be sent.
    const secret = /PRIVATE KEY|PuTTY-User-Key-File/.test(publicKey);
    setIsSecret(secret);
    if (!secret) adding.mutate({ name: formText(form, 'name'), publicKey });
  }

  return (
    <Dialog open onClose={onClose} title="Add an SSH key">
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="Public key"
          name="publicKey"
          required
          maxLength={16_384}
          autoComplete="off"
          className="font-mono"
          placeholder="ssh-ed25519 AAAA… you@laptop"
          hint="One line, as in ~/.ssh/id_ed25519.pub. ssh-keygen -t ed25519 makes one."
        />
        <Field label="Name" name="name" maxLength={100} hint="If empty, what stands at the key’s end." />
        {isSecret && (
          <Note>
            <p className="font-semibold">That is a private key; it was not sent</p>
            <p>Nobody else may have it. Paste the public key, of the file that ends in .pub.</p>
          </Note>
        )}
        <ErrorNote error={adding.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={adding.isPending}>
            Add the key
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
