import type { Problem } from '@porchlight/protocol/api';
import { WifiOff } from 'lucide-react';
import { ApiError } from '../api/index.ts';
import { Ago } from '../format/index.ts';
import { Button, ErrorNote } from '../ui/index.ts';

interface FailureNoteProps {
  /** Why nothing came. */
  readonly error: Error | null;
  /** Why what is shown is old, if it is the last answer that was kept. */
  readonly failure?: Problem | undefined;
  /** When what is shown was answered; undefined: nothing is shown. */
  readonly at: number | undefined;
  readonly onRetry: () => unknown;
}

/** Says plainly that the home does not answer now, and how old is what is shown in spite of that. */
export function FailureNote({ error, failure, at, onRetry }: FailureNoteProps) {
  const problem = failure ?? (error instanceof ApiError ? error : undefined);
  if (problem === undefined) return <ErrorNote error={error} onRetry={onRetry} />;
  const detail = problem instanceof ApiError ? problem.message : problem.detail;
  return (
    <div role="alert" className="flex gap-3 rounded-lg bg-bad-soft p-3 text-sm">
      <WifiOff size={20} className="mt-px shrink-0 text-bad" aria-hidden />
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="font-semibold">{problem.title}</p>
        {detail !== problem.title && <p>{detail}</p>}
        {at === undefined ? (
          <p className="text-muted">{problem.hint}</p>
        ) : (
          <p>
            What you see is its last answer, from <Ago at={at} />.
          </p>
        )}
      </div>
      <Button small onClick={() => void onRetry()} className="self-start">
        Try again
      </Button>
    </div>
  );
}
