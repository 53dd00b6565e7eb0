import { useMutation } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { api } from '../api/index.ts';
import { useMe } from '../session/index.ts';
import { Button, Skeleton, showToast, wordsOf } from '../ui/index.ts';

/** Who is signed in, and the way out. */
export function Person() {
  const me = useMe();
  const leaving = useMutation({
    mutationFn: api.signOut,
    // A full load, so that nothing of this account stays in memory.
    onSuccess: () => location.assign('/sign-in'),
    onError: (error) => showToast({ tone: 'bad', title: wordsOf(error).title, body: wordsOf(error).hint }),
  });
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line pt-3">
      <div className="min-w-0 px-3 text-sm">
        {me ? (
          <>
            <p className="truncate font-medium">{me.account.name}</p>
            <p className="truncate text-muted">{me.relay.domain}</p>
          </>
        ) : (
          <Skeleton className="h-10 w-28" />
        )}
      </div>
      <Button
        look="quiet"
        small
        busy={leaving.isPending}
        onClick={() => leaving.mutate()}
        aria-label="Sign out"
      >
        <LogOut size={18} aria-hidden />
      </Button>
    </div>
  );
}
