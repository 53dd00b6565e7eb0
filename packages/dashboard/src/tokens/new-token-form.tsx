import type { MadeEnrolmentToken } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Choice, ErrorNote, Field, formText, parseTags, TagField } from '../ui/index.ts';

const LIFETIMES = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '1 day' },
  { hours: 24 * 7, label: '1 week' },
  { hours: 24 * 30, label: '30 days' },
  { hours: 24 * 365, label: '1 year' },
] as const;

/** Makes an enrolment token. The token itself goes to `onMade` and is kept nowhere. */
export function NewTokenForm({ onMade }: { onMade: (token: MadeEnrolmentToken) => void }) {
  const cache = useQueryClient();
  const [tags, setTags] = useState('');
  const making = useMutation({
    mutationFn: api.makeEnrolmentToken,
    onSuccess(token) {
      void cache.invalidateQueries({ queryKey: keys.enrolmentTokens });
      onMade(token);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    making.mutate({
      note: formText(form, 'note'),
      uses: Number(form.get('uses')),
      hours: Number(form.get('hours')),
      tags: parseTags(tags),
    });
  }

  return (
    <form className="grid gap-4" onSubmit={submit}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="How many devices may use it?"
          name="uses"
          type="number"
          min={1}
          max={100_000}
          defaultValue={1}
          required
        />
        <Choice label="Ends after" name="hours" defaultValue={24}>
          {LIFETIMES.map(({ hours, label }) => (
            <option key={hours} value={hours}>
              {label}
            </option>
          ))}
        </Choice>
        <TagField
          value={tags}
          onChange={setTags}
          hint="Optional; each device that joins with it gets these."
        />
        <Field label="Note" name="note" maxLength={100} hint="Optional, for yourself: what it is for." />
      </div>
      <ErrorNote error={making.error} />
      <Actions>
        <Button type="submit" look="primary" busy={making.isPending}>
          Make the token
        </Button>
      </Actions>
    </form>
  );
}
