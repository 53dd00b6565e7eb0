import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { api, keys } from '../api/index.ts';
import { useMe } from '../session/index.ts';
import { Button, ErrorNote, Field, formText, Panel, showToast } from '../ui/index.ts';

/** Changes one's own password; other sessions end with it. */
export function PasswordPanel() {
  const me = useMe();
  const cache = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const changing = useMutation({
    mutationFn: api.changePassword,
    onSuccess() {
      form.current?.reset();
      void cache.invalidateQueries({ queryKey: keys.sessions });
      showToast({ tone: 'good', title: 'Your password is changed', body: 'All other sessions have ended.' });
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    changing.mutate({ current: formText(fields, 'current'), next: formText(fields, 'next') });
  }

  return (
    <Panel title="Password">
      <form ref={form} className="grid max-w-md gap-4" onSubmit={submit}>
        {/* Password keepers want to know whose password it is. */}
        <input
          type="text"
          name="name"
          autoComplete="username"
          hidden
          readOnly
          value={me?.account.name ?? ''}
        />
        <Field
          label="Present password"
          name="current"
          type="password"
          required
          autoComplete="current-password"
          maxLength={200}
        />
        <Field
          label="New password"
          name="next"
          type="password"
          required
          minLength={10}
          maxLength={200}
          autoComplete="new-password"
          hint="At least 10 characters. All other sessions end."
        />
        <ErrorNote error={changing.error} />
        <Button type="submit" className="justify-self-start" busy={changing.isPending}>
          Change the password
        </Button>
      </form>
    </Panel>
  );
}
