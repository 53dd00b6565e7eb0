import type { App, MadeApp } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { api, keys } from '../api/index.ts';
import {
  Actions,
  Button,
  Choice,
  Commands,
  Dialog,
  ErrorNote,
  Field,
  formText,
  SecretOnce,
} from '../ui/index.ts';
import { LogoField } from './logo-field.tsx';

/** Registers an app, or changes one; a new one's client id and secret are shown at the end. */
export function AppDialog({ app, onClose }: { app?: App; onClose: () => void }) {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeApp>();
  const [logo, setLogo] = useState(app?.logo);
  const saving = useMutation({
    mutationFn: async (form: FormData) => {
      const name = formText(form, 'name');
      const callbacks = formText(form, 'callbacks')
        .split(/\s+/)
        .filter((line) => line !== '');
      if (app !== undefined) return api.changeApp(app.id, { name, callbacks, logo: logo ?? null });
      const confidential = form.get('kind') === 'confidential';
      return api.makeApp({ name, callbacks, confidential, ...(logo === undefined ? {} : { logo }) });
    },
    onSuccess(saved) {
      void cache.invalidateQueries({ queryKey: keys.apps });
      if (app === undefined) setMade(saved);
      else onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    saving.mutate(new FormData(event.currentTarget));
  }

  if (made !== undefined) {
    return (
      <Dialog open onClose={onClose} title={`${made.name} is registered`}>
        <div className="grid gap-4">
          <div className="grid gap-1">
            <p className="text-sm font-medium">Client id</p>
            <Commands label="Client id" lines={[made.id]} wrap />
          </div>
          {made.secret !== undefined && <SecretOnce label="Client secret" secret={made.secret} />}
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title={app ? `Change ${app.name}` : 'Register an app'}>
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="Name"
          name="name"
          required
          maxLength={60}
          defaultValue={app?.name}
          hint="People see it when they are asked."
        />
        <LogoField logo={logo} onChange={setLogo} />
        <Callbacks initial={app?.callbacks ?? []} />
        {app === undefined && (
          <Choice
            label="Kind"
            name="kind"
            defaultValue="public"
            hint="Confidential apps run on a server and keep a secret. All others are public and use PKCE."
          >
            <option value="public">Public: on people’s own machines, or in a browser</option>
            <option value="confidential">Confidential: on a server</option>
          </Choice>
        )}
        <ErrorNote error={saving.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={saving.isPending}>
            {app ? 'Save' : 'Register'}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}

function Callbacks({ initial }: { initial: readonly string[] }) {
  const id = useId();
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        Callback addresses
      </label>
      <textarea
        id={id}
        name="callbacks"
        rows={3}
        defaultValue={initial.join('\n')}
        spellCheck={false}
        autoCapitalize="none"
        aria-describedby={`${id}-hint`}
        className="w-full rounded-lg border border-edge bg-surface px-3 py-2 font-mono text-base text-ink sm:text-sm"
      />
      <p id={`${id}-hint`} className="text-sm text-muted">
        One a line: https, http://127.0.0.1 (any port will do), or a scheme of your own such as
        com.example.app:/callback. None, if it uses device codes only.
      </p>
    </div>
  );
}
