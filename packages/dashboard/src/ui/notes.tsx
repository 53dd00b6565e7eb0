import { CircleAlert, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/index.ts';
import { Button } from './button.tsx';

interface Words {
  readonly title: string;
  readonly detail?: string;
  readonly hint: string;
}

/** What to tell a person about an error: the relay's own title, detail and hint, where it gave them. */
export function wordsOf(error: Error): Words {
  if (!(error instanceof ApiError)) {
    return { title: 'This page failed', detail: error.message, hint: 'Load the page again.' };
  }
  const { title, message, hint } = error;
  return message === title ? { title, hint } : { title, detail: message, hint };
}

/** An error, if there is one, with what to do about it. */
export function ErrorNote({ error, onRetry }: { error: Error | null; onRetry?: () => unknown }) {
  if (error === null) return null;
  const { title, detail, hint } = wordsOf(error);
  return (
    <div role="alert" className="flex gap-3 rounded-lg bg-bad-soft p-3 text-sm">
      <CircleAlert size={20} className="mt-px shrink-0 text-bad" aria-hidden />
      <div className="grid min-w-0 gap-1">
        <p className="font-semibold">{title}</p>
        {detail !== undefined && <p>{detail}</p>}
        <p className="text-muted">{hint}</p>
        {onRetry && (
          <div className="pt-1">
            <Button small onClick={() => void onRetry()}>
              Try again
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

/** Something worth knowing, quietly. */
export function Note({ children }: { children: ReactNode }) {
  return (
    <div className="flex gap-3 rounded-lg bg-glow p-3 text-sm">
      <Info size={20} className="mt-px shrink-0 text-accent" aria-hidden />
      <div className="grid min-w-0 gap-1">{children}</div>
    </div>
  );
}
