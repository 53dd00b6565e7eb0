import type { App } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { Actions, Button, Dialog, ErrorNote, SecretOnce } from '../ui/index.ts';

/** The secrets of an app: two at most, so that one is changed without a moment in which neither works. */
export function SecretsDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const cache = useQueryClient();
  const [made, setMade] = useState<string>();
  const refresh = () => cache.invalidateQueries({ queryKey: keys.apps });
  const making = useMutation({
    mutationFn: () => api.makeAppSecret(app.id),
    onSuccess({ secret }) {
      setMade(secret);
      void refresh();
    },
  });
  const removing = useMutation({
    mutationFn: (secret: string) => api.removeAppSecret(app.id, secret),
    onSuccess: refresh,
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Secrets of ${app.name}`}
      lead="To change it: make a second one, put it into use, then remove the first."
    >
      <div className="grid gap-4">
        <ul aria-label="Secrets" className="grid divide-y divide-line">
          {app.secrets.map((secret) => (
            <li key={secret.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
              <p className="text-sm">
                Made <Ago at={secret.createdAt} />
                {' · '}
                {secret.lastUsedAt === undefined ? (
                  'not used yet'
                ) : (
                  <>
                    last used <Ago at={secret.lastUsedAt} />
                  </>
                )}
              </p>
              {app.secrets.length > 1 && (
                <Button small busy={removing.isPending} onClick={() => removing.mutate(secret.id)}>
                  Remove
                </Button>
              )}
            </li>
          ))}
        </ul>
        {made !== undefined && <SecretOnce label="New client secret" secret={made} />}
        <ErrorNote error={making.error ?? removing.error} />
        <Actions>
          <Button onClick={onClose}>Close</Button>
          {app.secrets.length < 2 && (
            <Button look="primary" busy={making.isPending} onClick={() => making.mutate()}>
              Make a second secret
            </Button>
          )}
        </Actions>
      </div>
    </Dialog>
  );
}
