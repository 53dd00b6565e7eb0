import type { Account, Role } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Choice, Dialog, ErrorNote, Field, formText, showToast } from '../ui/index.ts';

function PasswordField() {
  return (
    <Field
      label="Password"
      name="password"
      type="password"
      required
      minLength={10}
      maxLength={200}
      autoComplete="new-password"
      hint="At least 10 characters."
    />
  );
}

/** Makes an account for somebody else. */
export function NewAccountDialog({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const making = useMutation({
    mutationFn: api.makeAccount,
    async onSuccess() {
      await cache.invalidateQueries({ queryKey: keys.accounts });
      onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    making.mutate({
      name: formText(form, 'name'),
      password: formText(form, 'password'),
      role: formText(form, 'role') as Role,
    });
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title="New account"
      lead="Tell the person the name and the password; they can change it."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <Field label="Name" name="name" required maxLength={32} autoComplete="off" />
        <PasswordField />
        <Choice label="Role" name="role" defaultValue="member">
          <option value="member">Member: own devices only</option>
          <option value="admin">Admin: also accounts and unclaimed join requests</option>
        </Choice>
        <ErrorNote error={making.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={making.isPending}>
            Make the account
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}

/** Sets the password of somebody who lost it. */
export function PasswordDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const changing = useMutation({
    mutationFn: (password: string) => api.changeAccount(account.id, { password }),
    onSuccess() {
      showToast({ tone: 'good', title: `The password of ${account.name} is set` });
      onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    changing.mutate(formText(new FormData(event.currentTarget), 'password'));
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={`New password for ${account.name}`}
      lead="All sessions of the account end."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <PasswordField />
        <ErrorNote error={changing.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={changing.isPending}>
            Set the password
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
