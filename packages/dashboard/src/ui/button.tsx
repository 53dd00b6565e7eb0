import type { ComponentProps } from 'react';

type Look = 'primary' | 'plain' | 'danger' | 'quiet';

const LOOKS: Record<Look, string> = {
  primary: 'bg-lamp text-on-lamp border-transparent hover:brightness-105 font-semibold',
  plain: 'bg-surface text-ink border-line hover:bg-raised',
  danger: 'bg-danger text-white border-transparent hover:brightness-110 font-semibold',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-raised',
};

/** Classes of a button, for links that look like one. */
export function buttonClass(look: Look = 'plain', small = false): string {
  const size = small ? 'min-h-9 px-3 text-sm' : 'min-h-11 px-4';
  return `inline-flex items-center justify-center gap-2 rounded-lg border ${size} ${LOOKS[look]} whitespace-nowrap transition-colors disabled:opacity-55 disabled:pointer-events-none`;
}

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look;
  readonly small?: boolean;
  /** Something is under way: the button waits and says so to assistive software. */
  readonly busy?: boolean;
}

export function Button({
  look = 'plain',
  small = false,
  busy = false,
  className = '',
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={`${buttonClass(look, small)} ${busy ? 'animate-breathe' : ''} ${className}`}
    />
  );
}
