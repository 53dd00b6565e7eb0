import type { Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Dialog, ErrorNote, Field, formText, showToast } from '../ui/index.ts';

interface UsersDialogProps {
  readonly deviceId: string;
  readonly service: Service;
  readonly onClose: () => void;
}

/** Who may open a service with a password: add, change the password, remove. Passwords are never shown. */
export function UsersDialog({ deviceId, service, onClose }: UsersDialogProps) {
  const cache = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState('');
  const users = service.basicUsers;
  const refresh = async () => {
    await cache.invalidateQueries({ queryKey: keys.device(deviceId) });
    void cache.invalidateQueries({ queryKey: keys.audits });
  };
  const setting = useMutation({
    mutationFn: (user: { name: string; password: string }) =>
      api.setUser(deviceId, service.name, user.name, user.password),
    onSuccess: async (_, user) => {
      showToast({ tone: 'good', title: `${user.name} can open ${service.name}` });
      setName('');
      form.current?.reset();
      await refresh();
    },
  });
  const removing = useMutation({
    mutationFn: (user: string) => api.removeUser(deviceId, service.name, user),
    onSuccess: refresh,
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    removing.reset();
    setting.mutate({ name, password: formText(new FormData(event.currentTarget), 'password') });
  }
  const known = users.includes(name);

  return (
    <Dialog
      open
      onClose={onClose}
      title={`Who may open ${service.name}`}
      lead="Each has a name and a password of their own. The device is not told which of them it is."
    >
      <div className="grid gap-5">
        <ul aria-label="Users" className="grid divide-y divide-line">
          {users.map((user) => (
            <li key={user} className="flex flex-wrap items-center justify-between gap-2 py-2">
              <span className="min-w-0 font-medium break-all">{user}</span>
              <span className="flex gap-2">
                <Button small aria-label={`New password for ${user}`} onClick={() => setName(user)}>
                  New password
                </Button>
                <Button
                  small
                  aria-label={`Remove ${user}`}
                  disabled={users.length === 1}
                  busy={removing.isPending && removing.variables === user}
                  onClick={() => {
                    setting.reset();
                    removing.mutate(user);
                  }}
                >
                  Remove
                </Button>
              </span>
            </li>
          ))}
        </ul>
        <form ref={form} className="grid gap-4" onSubmit={submit}>
          <Field
            label="User name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={64}
            pattern="[^:]+"
            title="A user name has no colon"
            autoComplete="off"
          />
          <Field
            label={known ? 'New password' : 'Password'}
            name="password"
            type="password"
            required
            minLength={8}
            maxLength={200}
            autoComplete="new-password"
            hint="At least 8 characters."
          />
          <ErrorNote error={setting.error ?? removing.error} />
          <Actions>
            <Button onClick={onClose}>Done</Button>
            <Button type="submit" look="primary" busy={setting.isPending}>
              {known ? 'Change the password' : 'Add the user'}
            </Button>
          </Actions>
        </form>
      </div>
    </Dialog>
  );
}
