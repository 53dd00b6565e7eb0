import type { AccessToken, Grant, MadeAccessToken } from '@porchlight/protocol/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { GrantFields, grantWords, useDeviceNames } from '../grants/index.ts';
import {
  Actions,
  Button,
  Choice,
  Confirm,
  Dialog,
  ErrorNote,
  Field,
  formText,
  Panel,
  SecretOnce,
  SkeletonRows,
} from '../ui/index.ts';

/** Access tokens: for programs that act as this account. */
export function AccessTokensPanel() {
  const [making, setMaking] = useState(false);
  const names = useDeviceNames();
  const tokens = useQuery({ queryKey: keys.accessTokens, queryFn: ({ signal }) => api.accessTokens(signal) });
  return (
    <Panel
      title="Access tokens"
      aside={
        <Button small onClick={() => setMaking(true)}>
          New access token
        </Button>
      }
    >
      <p className="text-sm text-muted">
        For programs: at the API, and at services that ask for sign-in or a token. Each can do what you let
        it.
      </p>
      <ErrorNote error={tokens.error} onRetry={tokens.refetch} />
      {tokens.isPending && <SkeletonRows count={1} className="h-14" />}
      {tokens.data?.items.length === 0 && <p className="text-sm">You have none.</p>}
      {tokens.data && tokens.data.items.length > 0 && (
        <ul aria-label="Access tokens" className="grid divide-y divide-line">
          {tokens.data.items.map((token) => (
            <TokenRow key={token.id} token={token} names={names} />
          ))}
        </ul>
      )}
      {making && <NewTokenDialog onClose={() => setMaking(false)} />}
    </Panel>
  );
}

function TokenRow({ token, names }: { token: AccessToken; names: ReadonlyMap<string, string> }) {
  const cache = useQueryClient();
  const [revoking, setRevoking] = useState(false);

  async function revoke() {
    await api.revokeAccessToken(token.id);
    await cache.invalidateQueries({ queryKey: keys.accessTokens });
  }

  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid gap-0.5">
        <p className="font-medium">{token.name}</p>
        <p className="text-sm">May {grantWords(token.grant, names)}</p>
        <p className="text-sm text-muted">
          {token.lastUsedAt === undefined ? (
            'Not used yet'
          ) : (
            <>
              Last used <Ago at={token.lastUsedAt} />
            </>
          )}
          {' · '}
          {token.expiresAt === undefined ? (
            'never ends'
          ) : (
            <>
              ends <Ago at={token.expiresAt} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(true)}>
        Revoke…
      </Button>
      <Confirm
        open={revoking}
        onClose={() => setRevoking(false)}
        title={`Revoke ${token.name}?`}
        action="Revoke the token"
        act={revoke}
      >
        <p>Programs that use it are refused from now on.</p>
      </Confirm>
    </li>
  );
}

function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeAccessToken>();
  const [grant, setGrant] = useState<Grant | undefined>({ scopes: ['read'] });
  const making = useMutation({
    mutationFn: api.makeAccessToken,
    onSuccess(token) {
      void cache.invalidateQueries({ queryKey: keys.accessTokens });
      setMade(token);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = Number(form.get('days'));
    making.mutate({
      name: formText(form, 'name'),
      ...(days > 0 ? { days } : {}),
      ...(grant === undefined ? {} : { grant }),
    });
  }

  return (
    <Dialog open onClose={onClose} title={made ? 'Your new access token' : 'New access token'}>
      {made ? (
        <div className="grid gap-4">
          <SecretOnce label="Access token" secret={made.token} />
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      ) : (
        <form className="grid gap-4" onSubmit={submit}>
          <Field
            label="Name"
            name="name"
            required
            maxLength={100}
            hint="What will use it, such as “backup script”."
          />
          <Choice label="Ends after" name="days" defaultValue={90}>
            <option value={30}>30 days</option>
            <option value={90}>90 days</option>
            <option value={365}>1 year</option>
            <option value={0}>Never</option>
          </Choice>
          <Choice
            label="May"
            value={grant === undefined ? 'all' : 'some'}
            onChange={(event) => setGrant(event.target.value === 'all' ? undefined : { scopes: ['read'] })}
          >
            <option value="some">do what I choose</option>
            <option value="all">do everything that I may</option>
          </Choice>
          {grant !== undefined && <GrantFields grant={grant} onChange={setGrant} />}
          <ErrorNote error={making.error} />
          <Actions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={making.isPending} disabled={isEmpty(grant)}>
              Make the token
            </Button>
          </Actions>
        </form>
      )}
    </Dialog>
  );
}

/** Nothing that could be made yet. */
function isEmpty(grant: Grant | undefined): boolean {
  return grant !== undefined && (grant.scopes.length === 0 || grant.devices?.length === 0);
}
