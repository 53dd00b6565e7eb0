import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Link, useSearchParams } from 'wouter';
import { api, keys } from '../api/index.ts';
import { Doorstep } from '../layout/index.ts';
import { Button, buttonClass, ErrorNote, Field, formText, Note, Skeleton } from '../ui/index.ts';

/** Where the one-time link of the first start leads: makes the first account and signs it in. */
export function SetupPage() {
  const [search] = useSearchParams();
  const token = search.get('token') ?? '';
  const state = useQuery({ queryKey: keys.setup, queryFn: ({ signal }) => api.setupState(signal) });

  if (state.isPending) {
    return (
      <Doorstep title="Welcome">
        <div role="status" aria-label="Loading" className="grid gap-4">
          <Skeleton className="h-20" />
          <Skeleton className="h-24" />
          <Skeleton className="h-11" />
        </div>
      </Doorstep>
    );
  }
  if (state.isError) {
    return (
      <Doorstep title="Welcome">
        <ErrorNote error={state.error} onRetry={state.refetch} />
      </Doorstep>
    );
  }
  if (!state.data.open) {
    return (
      <Doorstep title="This relay is set up" lead="It has its first account already.">
        <Link href="/sign-in" className={buttonClass('primary')}>
          Sign in
        </Link>
      </Doorstep>
    );
  }
  if (token === '') {
    return (
      <Doorstep title="Welcome" lead="This relay has no account yet.">
        <Note>
          <p>
            Open the one-time link that the relay printed when it started. Restart the relay to get a fresh
            one, or make the account on the machine itself:
          </p>
          <p className="font-mono">porchlight relay user add NAME --admin</p>
        </Note>
      </Doorstep>
    );
  }
  return <FirstAccount token={token} />;
}

function FirstAccount({ token }: { token: string }) {
  const making = useMutation({ mutationFn: api.setup, onSuccess: () => location.assign('/') });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    making.mutate({ token, name: formText(form, 'name'), password: formText(form, 'password') });
  }

  return (
    <Doorstep
      title="Welcome"
      lead="Make the first account. It looks after this relay and can make accounts for others."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="Name"
          name="name"
          autoComplete="username"
          required
          autoFocus
          maxLength={32}
          hint="Letters, digits, dots, hyphens or underscores."
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={10}
          maxLength={200}
          hint="At least 10 characters. A few words are easier to keep than a few signs."
        />
        <ErrorNote error={making.error} />
        <Button type="submit" look="primary" busy={making.isPending || making.isSuccess}>
          Make the account
        </Button>
      </form>
    </Doorstep>
  );
}
