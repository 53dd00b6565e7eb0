import type { Service, ServiceChange } from '@porchlight/protocol/api';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Actions, Button, Dialog, ErrorNote, Field, formText } from '../ui/index.ts';

interface BasicDialogProps {
  readonly service: Service;
  readonly change: (change: ServiceChange) => Promise<void>;
  readonly onClose: () => void;
}

/** User name and password that browsers ask for. */
export function BasicDialog({ service, change, onClose }: BasicDialogProps) {
  const changing = useMutation({ mutationFn: change, onSuccess: onClose });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    changing.mutate({
      access: 'basic',
      basicUser: formText(form, 'user'),
      basicPassword: formText(form, 'password'),
    });
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={`Password for ${service.name}`}
      lead="Whoever knows both may open it. The password is not shown again; it can be changed here."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="User name"
          name="user"
          defaultValue={service.basicUsers[0] ?? ''}
          required
          maxLength={64}
          pattern="[^:]+"
          title="A user name has no colon"
          autoComplete="off"
        />
        <Field
          label="Password"
          name="password"
          type="password"
          required
          minLength={8}
          maxLength={200}
          autoComplete="new-password"
          hint="At least 8 characters."
        />
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
