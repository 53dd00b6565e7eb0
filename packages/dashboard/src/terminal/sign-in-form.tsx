import { type FormEvent, useId, useRef, useState } from 'react';
import { Button, Choice, Field, formText } from '../ui/index.ts';
import type { Proof } from './connection.ts';

interface SignInFormProps {
  readonly user: string;
  /** The user name stays; only another proof is asked for. */
  readonly again?: boolean;
  /** Why the last one was not taken. */
  readonly refused?: string | undefined;
  readonly onSubmit: (user: string, proof: Proof) => void;
}

/** User name and proof for the device's own SSH server. The secrets are in the form's fields only, and go with it. */
export function SignInForm({ user, again = false, refused, onSubmit }: SignInFormProps) {
  const [kind, setKind] = useState<Proof['kind']>('password');
  const key = useRef<HTMLTextAreaElement>(null);
  const keyId = useId();

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const passphrase = formText(form, 'passphrase');
    const proof: Proof =
      kind === 'password'
        ? { kind, password: formText(form, 'password') }
        : { kind, key: formText(form, 'key'), passphrase: passphrase === '' ? undefined : passphrase };
    onSubmit(again ? user : formText(form, 'user').trim(), proof);
    event.currentTarget.reset();
  }

  async function readFile(files: FileList | null) {
    const file = files?.[0];
    if (file === undefined || key.current === null) return;
    key.current.value = file.size > 16 * 1024 ? '' : await file.text();
  }

  return (
    <form className="grid gap-4" onSubmit={submit} autoComplete="off">
      {refused !== undefined && (
        <p role="alert" className="rounded-lg bg-bad-soft p-3 text-sm">
          {refused}
        </p>
      )}
      {!again && (
        <Field
          label="User on the device"
          name="user"
          defaultValue={user}
          required
          autoFocus
          maxLength={256}
          autoComplete="off"
        />
      )}
      <Choice
        label="Sign in with"
        value={kind}
        onChange={(event) => setKind(event.target.value as Proof['kind'])}
      >
        <option value="password">A password</option>
        <option value="key">A private key</option>
      </Choice>
      {kind === 'password' ? (
        <Field
          key="password"
          label="Password"
          name="password"
          type="password"
          autoFocus={again}
          maxLength={1024}
          autoComplete="off"
        />
      ) : (
        <>
          <div className="grid gap-1">
            <label htmlFor={keyId} className="text-sm font-medium">
              Private key
            </label>
            <textarea
              ref={key}
              id={keyId}
              name="key"
              required
              rows={5}
              maxLength={16 * 1024}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="none"
              placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
              className="w-full rounded-lg border border-edge bg-surface p-3 font-mono text-base text-ink sm:text-xs"
            />
            <input
              type="file"
              aria-label="Read the private key from a file"
              className="text-sm text-muted file:mr-3 file:min-h-9 file:rounded-lg file:border file:border-line file:bg-surface file:px-3 file:text-ink"
              onChange={(event) => void readFile(event.target.files)}
            />
          </div>
          <Field
            key="passphrase"
            label="Pass phrase of the key"
            hint="Empty if it has none."
            name="passphrase"
            type="password"
            maxLength={1024}
            autoComplete="off"
          />
        </>
      )}
      <Button type="submit" look="primary">
        {again ? 'Try again' : 'Connect'}
      </Button>
      <p className="text-sm text-muted">
        It goes through the relay to the device’s own SSH server, once, and is kept nowhere. If the relay must
        not see it, use <code>ssh -J</code> from a computer.
      </p>
    </form>
  );
}
