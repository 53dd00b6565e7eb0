import { toDeviceName } from '@porchlight/protocol';
import { type Device, type JoinRequest } from '@porchlight/protocol/api';
import { type FormEvent, useState } from 'react';
import { Ago, Countdown } from '../format/index.ts';
import { Actions, Button, ErrorNote, Field, Pill, parseTags, TagField } from '../ui/index.ts';
import { useAllow, useDeny } from './use-requests.ts';

/** One device at the door: its code to compare, what is known of it, and Allow or Deny. */
export function JoinRequestCard({
  request,
  onAllowed,
}: {
  request: JoinRequest;
  onAllowed: (device: Device) => void;
}) {
  const [name, setName] = useState(() => toDeviceName(request.name) ?? '');
  const [tags, setTags] = useState('');
  const allowing = useAllow(onAllowed);
  const denying = useDeny();

  function allow(event: FormEvent) {
    event.preventDefault();
    allowing.mutate({ request, name, tags: parseTags(tags) });
  }

  return (
    <article
      aria-label={`${request.name} asks to join`}
      data-testid="join-request"
      className="grid animate-arrive gap-4 rounded-2xl border border-lamp bg-surface p-4 shadow-sm sm:p-5"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">{request.name} asks to join</h2>
        <Pill tone={request.connected ? 'good' : 'plain'}>
          {request.connected ? 'waiting now' : 'not connected'}
        </Pill>
      </div>
      <div className="grid justify-items-center gap-1 rounded-xl bg-glow p-4 text-center">
        <p className="text-sm text-muted">Allow it only if the device shows the same code</p>
        <p
          data-testid="join-code"
          className="font-mono text-xl font-semibold break-words sm:text-3xl sm:tracking-wide"
        >
          {request.code}
        </p>
        <p className="text-sm text-muted">
          <Countdown at={request.expiresAt} /> left to answer
        </p>
      </div>
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr] [&_dt]:text-muted">
        <dt>Address</dt>
        <dd className="font-mono">{request.address}</dd>
        <dt>Software</dt>
        <dd>{request.software}</dd>
        <dt>Key</dt>
        <dd className="font-mono break-all">{request.fingerprint}</dd>
        <dt>Asked</dt>
        <dd>
          <Ago at={request.askedAt} />
        </dd>
      </dl>
      <form className="grid gap-4" onSubmit={allow}>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Device name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={32}
            hint="Part of its web address: letters, digits and hyphens."
          />
          <TagField value={tags} onChange={setTags} />
        </div>
        <ErrorNote error={allowing.error ?? denying.error} />
        <Actions>
          <Button
            busy={denying.isPending}
            disabled={allowing.isPending}
            onClick={() => denying.mutate(request)}
          >
            Deny
          </Button>
          <Button type="submit" look="primary" busy={allowing.isPending} disabled={denying.isPending}>
            Allow
          </Button>
        </Actions>
      </form>
    </article>
  );
}
