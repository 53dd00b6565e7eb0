import type { EnrolledDevice } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { api, keys } from '../api/index.ts';
import { CredentialOnce } from '../mqtt/index.ts';
import {
  Button,
  buttonClass,
  ErrorNote,
  Field,
  formText,
  Lantern,
  parseTags,
  TagField,
} from '../ui/index.ts';
import { Step } from './steps.tsx';

/** A device that speaks only MQTT: it has no key, and a user name and password instead. */
export function ByMqtt() {
  const [made, setMade] = useState<EnrolledDevice>();
  return (
    <>
      <Step number={1} title="Name">
        {made === undefined ? (
          <NameForm onMade={setMade} />
        ) : (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p role="status" className="flex items-center gap-3">
              <Lantern lit={false} />
              <span>
                <strong>{made.name}</strong> is known, and let in when it comes.
              </span>
            </p>
            <Button small onClick={() => setMade(undefined)}>
              Another device
            </Button>
          </div>
        )}
      </Step>
      <Step number={2} title="Sign in, on the device">
        {made?.mqtt === undefined ? (
          <p className="text-muted">Its user name and password are shown here, once.</p>
        ) : (
          <>
            <CredentialOnce made={made.mqtt} topic={`device/${made.name}/telemetry/temperature`} />
            <Link href={`/devices/${made.id}`} className={`justify-self-start ${buttonClass('primary')}`}>
              To the page of {made.name}
            </Link>
          </>
        )}
      </Step>
    </>
  );
}

function NameForm({ onMade }: { onMade: (device: EnrolledDevice) => void }) {
  const cache = useQueryClient();
  const [tags, setTags] = useState('');
  const making = useMutation({
    mutationFn: api.enrolDevice,
    onSuccess(device) {
      void cache.invalidateQueries({ queryKey: keys.deviceLists });
      onMade(device);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = formText(new FormData(event.currentTarget), 'name');
    making.mutate({ name, mqtt: true, tags: parseTags(tags) });
  }

  return (
    <form className="grid gap-4" onSubmit={submit}>
      <Field
        label="Name"
        name="name"
        required
        maxLength={32}
        autoComplete="off"
        hint="Lower-case letters, digits and single hyphens, up to 32. It is the user name too."
      />
      <TagField value={tags} onChange={setTags} />
      <ErrorNote error={making.error} />
      <div>
        <Button type="submit" look="primary" busy={making.isPending}>
          Add the device
        </Button>
      </div>
    </form>
  );
}
