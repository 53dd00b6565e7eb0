/** The porch lantern: lit while somebody is home. */
export function Lantern({ lit, size = 32 }: { lit: boolean; size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden className="shrink-0">
      {lit && <circle cx="16" cy="18" r="13.5" className="fill-lamp opacity-20" />}
      <path d="M16 1.5v4" className="stroke-ink" strokeWidth="2" strokeLinecap="round" />
      <path d="M7.5 12.2l3-5.4a2 2 0 0 1 1.8-1h7.4a2 2 0 0 1 1.8 1l3 5.4z" className="fill-ink" />
      <path
        d="M9.8 14.4h12.4l-1.4 9.5a2 2 0 0 1-2 1.7h-5.6a2 2 0 0 1-2-1.7z"
        className={lit ? 'fill-lamp' : 'fill-transparent stroke-edge'}
        strokeWidth={lit ? 0 : 1.6}
      />
      {lit && (
        <path d="M16 16.6v6.6" className="stroke-white opacity-70" strokeWidth="2" strokeLinecap="round" />
      )}
      <path d="M11.5 28.8h9" className="stroke-ink" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}
