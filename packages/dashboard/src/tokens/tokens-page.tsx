import type { EnrolmentToken, MadeEnrolmentToken } from '@porchlight/protocol/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, keys } from '../api/index.ts';
import { Ago, plural } from '../format/index.ts';
import { useTitle } from '../page/index.ts';
import {
  Button,
  Confirm,
  Dialog,
  Empty,
  ErrorNote,
  PageHead,
  Pill,
  SecretOnce,
  SkeletonRows,
} from '../ui/index.ts';
import { NewTokenForm } from './new-token-form.tsx';

/** Enrolment tokens: they let devices in without a person. */
export function TokensPage() {
  useTitle('Enrolment tokens');
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeEnrolmentToken>();
  const tokens = useQuery({
    queryKey: keys.enrolmentTokens,
    queryFn: ({ signal }) => api.enrolmentTokens(signal),
  });

  function close() {
    setMaking(false);
    setMade(undefined);
  }

  return (
    <>
      <PageHead
        title="Enrolment tokens"
        lead="They let devices in without a person: for many devices, and for set-up without a screen."
      >
        <Button look="primary" onClick={() => setMaking(true)}>
          New token
        </Button>
      </PageHead>
      <ErrorNote error={tokens.error} onRetry={tokens.refetch} />
      {tokens.isPending && <SkeletonRows count={3} className="h-20 rounded-2xl" />}
      {tokens.data?.items.length === 0 && (
        <Empty title="No tokens">
          <p>
            For one device you need none:{' '}
            <Link href="/add" className="text-accent underline">
              add it
            </Link>{' '}
            and press Allow.
          </p>
        </Empty>
      )}
      {tokens.data && tokens.data.items.length > 0 && (
        <ul aria-label="Enrolment tokens" className="grid gap-3">
          {tokens.data.items.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </ul>
      )}
      <Dialog open={making} onClose={close} title={made ? 'Your new token' : 'New enrolment token'}>
        {made ? (
          <div className="grid gap-4">
            <SecretOnce label="Enrolment token" secret={made.token} />
            <p className="text-sm text-muted">
              On a device: <code className="font-mono">node porchlight.mjs agent join … --token …</code>; the
              whole command is on the page{' '}
              <Link href="/add" className="text-accent underline">
                Add a device
              </Link>
              .
            </p>
            <Button look="primary" onClick={close}>
              Done
            </Button>
          </div>
        ) : (
          <NewTokenForm onMade={setMade} />
        )}
      </Dialog>
    </>
  );
}

function TokenRow({ token }: { token: EnrolmentToken }) {
  const cache = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const [drawnAt] = useState(() => Date.now());
  const ended = token.expiresAt <= drawnAt;
  const over = token.usesLeft === 0 || ended;
  const title = token.note === '' ? 'Without a note' : token.note;

  async function revoke() {
    await api.revokeEnrolmentToken(token.id);
    await cache.invalidateQueries({ queryKey: keys.enrolmentTokens });
  }

  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-2xl border border-line bg-surface p-4">
      <div className="grid gap-1">
        <div className="flex flex-wrap items-center gap-2 font-semibold">
          {title}
          {over && <Pill>used up or ended</Pill>}
          {token.tags.map((tag) => (
            <Pill key={tag}>{tag}</Pill>
          ))}
        </div>
        <p className="text-sm text-muted">
          {plural(token.usesLeft, 'use')} left, {token.used} used · {ended ? 'ended' : 'ends'}{' '}
          <Ago at={token.expiresAt} /> · made <Ago at={token.createdAt} />
        </p>
      </div>
      <Button small aria-label={`Revoke ${title}`} onClick={() => setRevoking(true)}>
        Revoke…
      </Button>
      <Confirm
        open={revoking}
        onClose={() => setRevoking(false)}
        title="Revoke this token?"
        action="Revoke the token"
        act={revoke}
      >
        <p>No further device can join with it. Devices that joined with it stay.</p>
      </Confirm>
    </li>
  );
}
