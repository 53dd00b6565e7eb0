import type { MadeShare, Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Share2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Choice, Dialog, ErrorNote, Field, formText, SecretOnce } from '../ui/index.ts';

const LIFETIMES = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '1 day' },
  { hours: 24 * 7, label: '1 week' },
  { hours: 24 * 30, label: '30 days' },
  { hours: 0, label: 'Never' },
] as const;

interface ShareProps {
  readonly deviceId: string;
  readonly service: Service;
}

/** Makes a link by which somebody without an account opens the service. */
export function ShareButton(props: ShareProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small aria-label={`Share ${props.service.name}`} onClick={() => setOpen(true)}>
        <Share2 size={15} aria-hidden />
        Share…
      </Button>
      {open && <ShareDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function ShareDialog({ deviceId, service, onClose }: ShareProps & { onClose: () => void }) {
  const cache = useQueryClient();
  const [made, setMade] = useState<MadeShare>();
  const making = useMutation({
    mutationFn: (form: FormData) => {
      const [hours, uses] = [Number(form.get('hours')), Number(form.get('uses'))];
      const password = formText(form, 'password');
      return api.makeShare(deviceId, service.name, {
        name: formText(form, 'name'),
        scope: form.get('scope') === 'write' ? 'write' : 'read',
        ...(hours > 0 && { hours }),
        ...(uses > 0 && { uses }),
        ...(password !== '' && { password }),
      });
    },
    onSuccess(share) {
      void cache.invalidateQueries({ queryKey: keys.shares(deviceId) });
      setMade(share);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    making.mutate(new FormData(event.currentTarget));
  }

  if (made !== undefined) {
    return (
      <Dialog open onClose={onClose} title="Your share link">
        <div className="grid gap-4">
          <SecretOnce label="Share link" secret={made.url} />
          <p className="text-sm text-muted">
            Whoever has it opens {service.name}, and nothing else. It can be revoked on this page.
          </p>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Share ${service.name}`}
      lead="A link for somebody without an account here."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="For whom?"
          name="name"
          required
          maxLength={100}
          hint="For yourself, such as “plumber”."
        />
        <Choice
          label="May"
          name="scope"
          defaultValue="read"
          hint="Looking is by requests that only read, and without WebSockets: enough for most pages of values."
        >
          <option value="read">only look</option>
          <option value="write">use it fully</option>
        </Choice>
        <div className="grid gap-4 sm:grid-cols-2">
          <Choice label="Ends after" name="hours" defaultValue={24 * 7}>
            {LIFETIMES.map(({ hours, label }) => (
              <option key={hours} value={hours}>
                {label}
              </option>
            ))}
          </Choice>
          <Field
            label="How often?"
            name="uses"
            type="number"
            min={1}
            max={1_000_000}
            placeholder="any number of times"
          />
        </div>
        <Field
          label="Password"
          name="password"
          type="password"
          minLength={4}
          maxLength={200}
          autoComplete="new-password"
          hint="Optional; tell it on another way than the link."
        />
        <ErrorNote error={making.error} />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={making.isPending}>
            Make the link
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
