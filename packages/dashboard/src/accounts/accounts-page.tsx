import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, keys } from '../api/index.ts';
import { useTitle } from '../page/index.ts';
import { useMe } from '../session/index.ts';
import { Button, Empty, ErrorNote, LoadMore, PageHead, SkeletonRows } from '../ui/index.ts';
import { NewAccountDialog } from './account-dialogs.tsx';
import { AccountRow } from './account-row.tsx';

/** The people of this relay; for admins. */
export function AccountsPage() {
  useTitle('Accounts');
  const me = useMe();
  const admin = me?.account.role === 'admin';
  const [making, setMaking] = useState(false);
  const accounts = useInfiniteQuery({
    queryKey: keys.accounts,
    queryFn: ({ pageParam, signal }) => api.accounts(pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    enabled: admin,
  });

  if (me && !admin) {
    return (
      <Empty title="Accounts are for admins">
        <p>Ask an admin of this relay to make or change accounts.</p>
      </Empty>
    );
  }
  return (
    <>
      <PageHead
        title="Accounts"
        lead="Accounts never see each other’s devices; admins make and remove accounts."
      >
        <Button look="primary" onClick={() => setMaking(true)}>
          New account
        </Button>
      </PageHead>
      <ErrorNote error={accounts.error} onRetry={accounts.refetch} />
      {accounts.isPending && <SkeletonRows count={2} className="h-20 rounded-2xl" />}
      {accounts.data && (
        <ul aria-label="Accounts" className="grid gap-3">
          {accounts.data.pages
            .flatMap((page) => page.items)
            .map((account) => (
              <AccountRow key={account.id} account={account} self={account.id === me?.account.id} />
            ))}
        </ul>
      )}
      <LoadMore query={accounts} />
      {making && <NewAccountDialog onClose={() => setMaking(false)} />}
    </>
  );
}
