import type { Account } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { Button, Confirm, ErrorNote, Pill } from '../ui/index.ts';
import { PasswordDialog } from './account-dialogs.tsx';

/** One account. One's own is changed in Settings, so that no admin locks itself out by a slip. */
export function AccountRow({ account, self }: { account: Account; self: boolean }) {
  const cache = useQueryClient();
  const [asking, setAsking] = useState<'remove' | 'password'>();
  const refresh = () => cache.invalidateQueries({ queryKey: keys.accounts });
  const admin = account.role === 'admin';
  const changingRole = useMutation({
    mutationFn: () => api.changeAccount(account.id, { role: admin ? 'member' : 'admin' }),
    onSuccess: refresh,
  });

  async function remove() {
    await api.removeAccount(account.id);
    await refresh();
  }

  return (
    <li aria-label={account.name} className="grid gap-3 rounded-2xl border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="grid gap-1">
          <div className="flex flex-wrap items-center gap-2 font-semibold">
            {account.name}
            <Pill tone={admin ? 'lamp' : 'plain'}>{account.role}</Pill>
            {self && <Pill>you</Pill>}
          </div>
          <p className="text-sm text-muted">
            Made <Ago at={account.createdAt} />
          </p>
        </div>
        {!self && (
          <div className="flex flex-wrap gap-2">
            <Button small busy={changingRole.isPending} onClick={() => changingRole.mutate()}>
              {admin ? 'Make a member' : 'Make an admin'}
            </Button>
            <Button small onClick={() => setAsking('password')}>
              Set password…
            </Button>
            <Button small onClick={() => setAsking('remove')}>
              Remove…
            </Button>
          </div>
        )}
      </div>
      <ErrorNote error={changingRole.error} />
      {asking === 'password' && <PasswordDialog account={account} onClose={() => setAsking(undefined)} />}
      <Confirm
        open={asking === 'remove'}
        onClose={() => setAsking(undefined)}
        title={`Remove ${account.name}?`}
        action="Remove the account"
        act={remove}
      >
        <p>Its devices, tokens and sessions go with it, and its devices lose their links at once.</p>
        <p className="text-muted">This cannot be undone. The audit log keeps what it did.</p>
      </Confirm>
    </li>
  );
}
