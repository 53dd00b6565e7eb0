import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { api, keys } from '../api/index.ts';
import { Doorstep } from '../layout/index.ts';
import { safeNext } from '../session/index.ts';
import { Button, ErrorNote, Field, formText, Note } from '../ui/index.ts';

/** Sign-in by name and password, or by the one-time link (`?link=`), and then on to `?next=`. */
export function SignInPage() {
  const [search, setSearch] = useSearchParams();
  const [link] = useState(() => search.get('link'));
  const next = safeNext(search.get('next'), location.origin);
  // A full load: `next` may be a page of the relay itself, such as the sign-on to a device.
  const goOn = () => location.assign(next);

  const byLink = useMutation({ mutationFn: api.signInByLink, onSuccess: goOn });
  const byPassword = useMutation({ mutationFn: api.signIn, onSuccess: goOn });
  const setup = useQuery({ queryKey: keys.setup, queryFn: ({ signal }) => api.setupState(signal) });

  // The link is used once, and leaves the address bar so that it does not stay in the history.
  const used = useRef(false);
  const { mutate } = byLink;
  useEffect(() => {
    if (link === null || used.current) return;
    used.current = true;
    setSearch(
      (params) => {
        params.delete('link');
        return params;
      },
      { replace: true },
    );
    mutate(link);
  }, [link, mutate, setSearch]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    byLink.reset();
    byPassword.mutate({ name: formText(form, 'name'), password: formText(form, 'password') });
  }

  if (link !== null && !byLink.isError && !byPassword.isError) {
    return (
      <Doorstep title="Signing you in" lead="One moment…">
        {null}
      </Doorstep>
    );
  }
  return (
    <Doorstep title="Sign in">
      {setup.data?.open === true && (
        <Note>
          <p className="font-semibold">Nobody has an account here yet</p>
          <p>Open the one-time link that the relay printed when it started; it makes the first account.</p>
        </Note>
      )}
      <form className="grid gap-4" onSubmit={submit}>
        <Field label="Name" name="name" autoComplete="username" required autoFocus maxLength={200} />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={200}
        />
        <ErrorNote error={byPassword.error ?? byLink.error} />
        <Button type="submit" look="primary" busy={byPassword.isPending || byPassword.isSuccess}>
          Sign in
        </Button>
      </form>
    </Doorstep>
  );
}
