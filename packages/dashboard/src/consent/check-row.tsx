import { type ReactNode, useId } from 'react';

/** A box to tick, or one of several to choose, with its words; the whole row is the target. */
export function CheckRow(props: {
  kind?: 'checkbox' | 'radio';
  name?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
  label: ReactNode;
  hint?: ReactNode;
  /** To stand out: it is much to give. */
  strong?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex gap-3 py-1.5">
      <input
        id={id}
        type={props.kind ?? 'checkbox'}
        name={props.name}
        checked={props.checked}
        disabled={props.disabled}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
        className="mt-0.5 size-5 shrink-0 accent-(--c-lamp)"
      />
      <div className="grid min-w-0 gap-0.5">
        <label htmlFor={id} className={props.strong === true ? 'font-semibold text-bad' : undefined}>
          {props.label}
        </label>
        {props.hint !== undefined && (
          <p id={`${id}-hint`} className="text-sm text-muted">
            {props.hint}
          </p>
        )}
      </div>
    </div>
  );
}
