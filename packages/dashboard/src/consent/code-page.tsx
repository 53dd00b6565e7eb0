import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { api, keys } from '../api/index.ts';
import { Doorstep } from '../layout/index.ts';
import { Button, ErrorNote, Field, formText, Note, SkeletonRows } from '../ui/index.ts';
import { ConsentForm } from './consent-form.tsx';
import { parseUserCode } from './consent-words.ts';

/** A program without a browser shows a code: its person types it in here, and says what the program may do. */
export function CodePage() {
  const [search] = useSearchParams();
  const [code, setCode] = useState(() => parseUserCode(search.get('user_code') ?? ''));
  if (code === undefined) return <CodeEntry onCode={setCode} />;
  return <CodeConsent code={code} onOther={() => setCode(undefined)} />;
}

function CodeEntry({ onCode }: { onCode: (code: string) => void }) {
  const [wrong, setWrong] = useState(false);
  // Whoever is not signed in does that first, before the code grows old.
  useQuery({ queryKey: keys.me, queryFn: ({ signal }) => api.me(signal) });
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const code = parseUserCode(formText(new FormData(event.currentTarget), 'code'));
    if (code === undefined) setWrong(true);
    else onCode(code);
  }
  return (
    <Doorstep title="Let a program in" lead="It shows a code of eight letters. Type it in here.">
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="Code"
          name="code"
          required
          autoFocus
          autoComplete="off"
          maxLength={20}
          placeholder="BCDF-GHJK"
          hint={wrong ? 'A code has eight letters.' : undefined}
          className="font-mono text-lg tracking-widest uppercase"
        />
        <Button type="submit" look="primary">
          Go on
        </Button>
      </form>
    </Doorstep>
  );
}

function CodeConsent({ code, onOther }: { code: string; onOther: () => void }) {
  const asked = useQuery({
    queryKey: keys.deviceCode(code),
    queryFn: ({ signal }) => api.deviceCode(code, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const answering = useMutation({
    mutationFn: (answer: Parameters<typeof api.answerDeviceCode>[1]) => api.answerDeviceCode(code, answer),
  });
  if (answering.isSuccess) {
    const allowed = answering.variables.allow;
    return (
      <Doorstep
        title={allowed ? 'The program is let in' : 'The program is kept out'}
        lead={
          allowed
            ? 'It goes on by itself in a few seconds. You can close this page.'
            : 'It is told so. You can close this page.'
        }
      >
        {null}
      </Doorstep>
    );
  }
  return (
    <Doorstep title={asked.data ? `Let ${asked.data.app.name} in?` : 'A program asks to be let in'}>
      {asked.isError && (
        <>
          <ErrorNote error={asked.error} />
          <Button onClick={onOther}>Type in another code</Button>
        </>
      )}
      {asked.isPending && <SkeletonRows count={4} className="h-12" />}
      {asked.data && (
        <>
          <Note>
            <p>
              Go on only if a program that <strong>you</strong> have started shows the code{' '}
              <strong className="font-mono whitespace-nowrap">{code}</strong>.
            </p>
            {asked.data.askedFrom !== undefined && <p>It asked from the address {asked.data.askedFrom}.</p>}
          </Note>
          <ConsentForm
            asked={asked.data}
            busy={answering.isPending}
            error={answering.error}
            onAnswer={(answer) => answering.mutate(answer)}
          />
        </>
      )}
    </Doorstep>
  );
}
