import type { ReactNode } from 'react';

/** A titled part of a page. */
export function Panel(props: { title?: string; aside?: ReactNode; children: ReactNode; label?: string }) {
  return (
    <section
      aria-label={props.title ?? props.label}
      className="grid gap-4 rounded-2xl border border-line bg-surface p-4 sm:p-5"
    >
      {props.title !== undefined && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h2 className="text-base font-semibold">{props.title}</h2>
          {props.aside}
        </div>
      )}
      {props.children}
    </section>
  );
}

/** The head of a page: its title, one line about it, and what can be done. */
export function PageHead(props: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-3 pb-1">
      <div className="grid grow basis-60 gap-1">
        <h1 className="text-2xl font-semibold tracking-tight">{props.title}</h1>
        {props.lead !== undefined && <p className="max-w-prose text-muted">{props.lead}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-2">{props.children}</div>
    </header>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty(props: { title: string; children: ReactNode; art?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-3 rounded-2xl border border-dashed border-line px-5 py-10 text-center">
      {props.art}
      <p className="font-semibold">{props.title}</p>
      <div className="grid max-w-md justify-items-center gap-4 text-muted">{props.children}</div>
    </div>
  );
}

/** Grey bars of the size of what is loading, so that nothing jumps when it arrives. */
export function Skeleton({ className }: { className: string }) {
  return <div aria-hidden className={`animate-breathe rounded-lg bg-raised ${className}`} />;
}

/** Rows of a list that is loading. */
export function SkeletonRows({ count = 3, className = 'h-16' }: { count?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className="grid gap-2">
      {Array.from({ length: count }, (_, i) => (
        <Skeleton key={i} className={className} />
      ))}
    </div>
  );
}

/** A short word in a pill. */
export function Pill({
  children,
  tone = 'plain',
}: {
  children: ReactNode;
  tone?: 'plain' | 'good' | 'bad' | 'lamp';
}) {
  const tones = {
    plain: 'bg-raised text-muted',
    good: 'bg-good-soft text-good',
    bad: 'bg-bad-soft text-bad',
    lamp: 'bg-glow text-accent',
  };
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium ${tones[tone]}`}
    >
      {children}
    </span>
  );
}
