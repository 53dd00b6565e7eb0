import { type ComponentProps, type ReactNode, useId } from 'react';

const BOX =
  'w-full min-h-11 rounded-lg border border-edge bg-surface px-3 text-base text-ink disabled:opacity-60 sm:text-sm';

interface FrameProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** The label is for assistive software only. */
  readonly bare?: boolean | undefined;
}

function Frame({ label, hint, bare, id, children }: FrameProps & { id: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-1">
      <label htmlFor={id} className={bare ? 'sr-only' : 'text-sm font-medium'}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A text input with its label and hint. */
export function Field({ label, hint, bare, className = '', ...input }: FrameProps & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame label={label} hint={hint} bare={bare} id={id}>
      <input
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        autoCapitalize="none"
        spellCheck={false}
        {...input}
        className={`${BOX} ${className}`}
      />
    </Frame>
  );
}

/** The browser's own select: it works on every phone and needs no style element. */
export function Choice({
  label,
  hint,
  bare,
  className = '',
  ...select
}: FrameProps & ComponentProps<'select'>) {
  const id = useId();
  return (
    <Frame label={label} hint={hint} bare={bare} id={id}>
      <select
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        {...select}
        className={`${BOX} ${className}`}
      />
    </Frame>
  );
}
