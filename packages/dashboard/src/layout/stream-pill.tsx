import { WifiOff } from 'lucide-react';
import { isStale, useStreamState } from '../live/index.ts';

/** Says that what the page shows may be out of date. It floats, so that nothing moves when it comes or goes. */
export function StreamPill() {
  const stale = isStale(useStreamState());
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 top-16 z-30 flex justify-center px-4 lg:top-3"
    >
      {stale && (
        <p className="flex animate-arrive items-center gap-2 rounded-full border border-line bg-surface px-4 py-2 text-sm shadow-lg">
          <WifiOff size={16} className="text-bad" aria-hidden />
          <span>
            <strong className="font-semibold">Reconnecting…</strong> What you see may be out of date.
          </span>
        </p>
      )}
    </div>
  );
}
