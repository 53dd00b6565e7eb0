import { TriangleAlert } from 'lucide-react';
import type { FormEvent } from 'react';
import { formatInstant } from '../format/index.ts';
import { Button, Field, formText } from '../ui/index.ts';
import type { HostKey, Prompt } from './connection.ts';
import type { HostKeyJudgement } from './known-hosts.ts';

interface HostKeyQuestionProps {
  readonly hostKey: HostKey;
  readonly judgement: HostKeyJudgement;
  readonly onAnswer: (accept: boolean) => void;
}

/** Whether this is the device's key: for the person to say, not for the relay. */
export function HostKeyQuestion({ hostKey, judgement, onAnswer }: HostKeyQuestionProps) {
  const changed = judgement.kind === 'changed' ? judgement.before : undefined;
  return (
    <div className="grid gap-4">
      {changed === undefined ? (
        <h2 className="text-lg font-semibold">Is this the device’s key?</h2>
      ) : (
        <div role="alert" className="flex gap-3 rounded-lg bg-bad-soft p-3">
          <TriangleAlert className="mt-0.5 shrink-0 text-bad" aria-hidden />
          <div className="grid gap-1">
            <h2 className="text-lg font-semibold">The device shows another key than before</h2>
            <p className="text-sm">
              Either its SSH server was set up anew, or something else answers in its place and would read
              your password. Go on only if you know why.
            </p>
          </div>
        </div>
      )}
      <Fingerprint
        label={changed === undefined ? hostKey.algorithm : `Now: ${hostKey.algorithm}`}
        hostKey={hostKey}
      />
      {changed === undefined ? (
        <div className="grid gap-1 text-sm text-muted">
          <p>You are asked once in this browser. On the device this shows it:</p>
          <code className="break-all">ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
        </div>
      ) : (
        <Fingerprint label={`Since ${formatInstant(changed.at)}: ${changed.algorithm}`} hostKey={changed} />
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => onAnswer(false)}>No, hang up</Button>
        <Button look={changed === undefined ? 'primary' : 'danger'} onClick={() => onAnswer(true)}>
          {changed === undefined ? 'Yes, go on' : 'It is right, take the new key'}
        </Button>
      </div>
    </div>
  );
}

function Fingerprint({ label, hostKey }: { label: string; hostKey: HostKey }) {
  return (
    <div className="grid gap-1">
      <p className="text-sm text-muted">{label}</p>
      <code className="rounded-lg bg-raised p-3 text-sm break-all">{hostKey.fingerprint}</code>
    </div>
  );
}

interface PromptsFormProps {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly Prompt[];
  readonly onAnswer: (answers: readonly string[]) => void;
}

/** The device's own questions, such as for a one-time code. */
export function PromptsForm({ name, instructions, prompts, onAnswer }: PromptsFormProps) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onAnswer(prompts.map((_, i) => formText(form, `answer-${i}`)));
  }
  return (
    <form className="grid gap-4" onSubmit={submit} autoComplete="off">
      <h2 className="text-lg font-semibold">{name === '' ? 'The device asks' : name}</h2>
      {instructions !== '' && <p className="text-muted">{instructions}</p>}
      {prompts.map(({ prompt, echo }, i) => (
        <Field
          key={`${i} ${prompt}`}
          label={prompt}
          name={`answer-${i}`}
          type={echo ? 'text' : 'password'}
          autoFocus={i === 0}
          maxLength={1024}
          autoComplete="off"
        />
      ))}
      <Button type="submit" look="primary">
        Answer
      </Button>
    </form>
  );
}
