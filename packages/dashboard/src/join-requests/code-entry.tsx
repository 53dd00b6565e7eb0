import { parseJoinCode } from '@porchlight/protocol';
import type { JoinRequest } from '@porchlight/protocol/api';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api } from '../api/index.ts';
import { Button, ErrorNote, Field } from '../ui/index.ts';

interface CodeEntryProps {
  readonly onFound: (request: JoinRequest) => void;
  /** Looked for at once: the address that a device shows has it. */
  readonly given?: string | undefined;
}

/** Finds a request that was not addressed to this account, by the code that the device shows. */
export function CodeEntry({ onFound, given }: CodeEntryProps) {
  const [text, setText] = useState(given ?? '');
  const [odd, setOdd] = useState(false);
  const finding = useMutation({
    mutationFn: (code: string) => api.joinRequests(code),
    onSuccess({ items: [request] }) {
      if (!request) return;
      setText('');
      onFound(request);
    },
  });

  const looked = useRef(false);
  const { mutate } = finding;
  useEffect(() => {
    const code = parseJoinCode(given ?? '');
    if (code === undefined || looked.current) return;
    looked.current = true;
    mutate(code);
  }, [given, mutate]);

  function submit(event: FormEvent) {
    event.preventDefault();
    const code = parseJoinCode(text);
    setOdd(code === undefined);
    if (code !== undefined) finding.mutate(code);
  }

  return (
    <form className="grid gap-3" onSubmit={submit}>
      <div className="flex items-end gap-2">
        <div className="min-w-0 flex-1 sm:max-w-64">
          <Field
            label="Code that the device shows"
            placeholder="ABCD-2345-EFGH-6789"
            className="font-mono tracking-wider uppercase"
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
            maxLength={40}
            required
          />
        </div>
        <Button type="submit" busy={finding.isPending}>
          Find
        </Button>
      </div>
      {odd && (
        <p role="alert" className="text-sm text-bad">
          A code has sixteen letters and digits, as in ABCD-2345-EFGH-6789.
        </p>
      )}
      {!odd && finding.data?.items.length === 0 && (
        <p role="alert" className="text-sm text-bad">
          No device asks with this code now. Requests end after ten minutes; join again on the device for a
          new one.
        </p>
      )}
      <ErrorNote error={finding.error} />
    </form>
  );
}
