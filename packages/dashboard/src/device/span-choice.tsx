export type Span = '24h' | '30d';

const SPANS = [
  { span: '24h', label: '24 hours' },
  { span: '30d', label: '30 days' },
] as const;

/** How far back the plots of a panel go. */
export function SpanChoice({ value, onChange }: { value: Span; onChange: (span: Span) => void }) {
  return (
    <div role="group" aria-label="Span" className="flex gap-1 rounded-lg bg-raised p-1">
      {SPANS.map((choice) => (
        <button
          key={choice.span}
          type="button"
          aria-pressed={choice.span === value}
          onClick={() => onChange(choice.span)}
          className="min-h-9 rounded-md px-3 text-sm text-muted aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:shadow-sm"
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
