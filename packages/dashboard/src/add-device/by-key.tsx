import type { Device, Me } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { api, keys } from '../api/index.ts';
import {
  Button,
  buttonClass,
  Commands,
  ErrorNote,
  Field,
  formText,
  Lantern,
  Note,
  parseTags,
  TagField,
} from '../ui/index.ts';
import { stockCommand } from './commands.ts';
import { Step } from './steps.tsx';

/** A device whose public key is at hand: it is known before it has ever connected. */
export function ByKey({ me }: { me: Me }) {
  const [enrolled, setEnrolled] = useState<Device>();
  return (
    <>
      <Step number={1} title="Name and public key">
        {enrolled === undefined ? (
          <KeyForm onEnrolled={setEnrolled} />
        ) : (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p role="status" className="flex items-center gap-3">
              <Lantern lit={false} />
              <span>
                <strong>{enrolled.name}</strong> is known, and let in when it comes.
              </span>
            </p>
            <Button small onClick={() => setEnrolled(undefined)}>
              Another device
            </Button>
          </div>
        )}
      </Step>
      <Step number={2} title="Connect, on the device">
        <p className="text-muted">
          Any SSH client will do. This one offers what listens on port 80 there, under the name “web”:
        </p>
        <Commands label="Command to connect" lines={[stockCommand(me.relay, enrolled?.name ?? 'NAME')]} />
        {enrolled && (
          <Link href={`/devices/${enrolled.id}`} className={`justify-self-start ${buttonClass('primary')}`}>
            To the page of {enrolled.name}
          </Link>
        )}
      </Step>
    </>
  );
}

function KeyForm({ onEnrolled }: { onEnrolled: (device: Device) => void }) {
  const cache = useQueryClient();
  const [tags, setTags] = useState('');
  const [isPrivate, setPrivate] = useState(false);
  const enrolling = useMutation({
    mutationFn: api.enrolDevice,
    onSuccess(device) {
      void cache.invalidateQueries({ queryKey: keys.deviceLists });
      onEnrolled(device);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const publicKey = formText(form, 'publicKey');
    const secret = /PRIVATE KEY|PuTTY-User-Key-File/.test(publicKey);
    setPrivate(secret);
    if (!secret) enrolling.mutate({ name: formText(form, 'name'), publicKey, tags: parseTags(tags) });
  }

  return (
    <form className="grid gap-4" onSubmit={submit}>
      <Field
        label="Name"
        name="name"
        required
        maxLength={32}
        autoComplete="off"
        hint="Lower-case letters, digits and single hyphens, up to 32."
      />
      <Field
        label="Public key"
        name="publicKey"
        required
        autoComplete="off"
        className="font-mono"
        placeholder="ssh-ed25519 AAAA…"
        hint="One line, as in its .pub file. On a router with dropbear: dropbearkey -y -f KEYFILE"
      />
      <TagField value={tags} onChange={setTags} />
      {isPrivate && (
        <Note>
          <p className="font-semibold">That is a private key; it was not sent</p>
          <p>Nobody but the device may have it. Paste the public key, of the file that ends in .pub.</p>
        </Note>
      )}
      <ErrorNote error={enrolling.error} />
      <div>
        <Button type="submit" look="primary" busy={enrolling.isPending}>
          Add the device
        </Button>
      </div>
    </form>
  );
}
