/** The porch lantern: lit while somebody is home. */
export function Lantern({ lit, size = 32 }: { lit: boolean; size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden className="shrink-0">
      {lit && <circle cx="16" cy="18" r="12" className="fill-lamp opacity-20" />}
      <path d="M16 3v4" className="stroke-ink" strokeWidth="2" strokeLinecap="round" />
      <path d="M9.5 12l2.4-4.3a1.6 1.6 0 0 1 1.4-.8h5.4a1.6 1.6 0 0 1 1.4.8l2.4 4.3z" className="fill-ink" />
      <path
        d="M11.3 14.2h9.4l-1 8.4a1.6 1.6 0 0 1-1.6 1.4h-4.2a1.6 1.6 0 0 1-1.6-1.4z"
        className={lit ? 'fill-lamp' : 'fill-transparent stroke-edge'}
        strokeWidth={lit ? 0 : 1.5}
      />
      <path d="M12.5 27h7" className="stroke-ink" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
