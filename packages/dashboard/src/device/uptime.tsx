import type { Health } from '@porchlight/protocol/api';
import { formatDuration, formatShare, formatShortInstant, plural } from '../format/index.ts';
import { outages, type UptimeState, uptimePieces } from './uptime-bar.ts';

const FILLS: Readonly<Record<UptimeState, string>> = {
  up: 'fill-good',
  down: 'fill-danger',
  unknown: 'fill-off',
};
const WORDS: Readonly<Record<UptimeState, string>> = { up: 'Up', down: 'Down', unknown: 'Relay not running' };
const WIDTH = 1000;

/** The share of the time in which the device was there, as a number, a bar and a sentence. */
export function Uptime({ health }: { health: Health }) {
  const pieces = uptimePieces(health);
  const { count, longest } = outages(pieces);
  const gaps = pieces.some((piece) => piece.state === 'unknown');
  const summary =
    count === 0 ? 'No outage' : `${plural(count, 'outage')}, the longest ${formatDuration(longest)}`;
  return (
    <div className="grid gap-2">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <strong data-testid="uptime" className="text-2xl font-semibold tabular-nums">
          {formatShare(health.uptime)}
        </strong>
        <span className="text-sm text-muted">up. {summary}.</span>
      </p>
      <svg
        role="img"
        aria-label={`Uptime ${formatShare(health.uptime)}. ${summary}.`}
        viewBox={`0 0 ${WIDTH} 24`}
        preserveAspectRatio="none"
        className="h-7 w-full overflow-hidden rounded-md bg-raised"
      >
        {pieces.map((piece) => (
          <rect
            key={`${piece.state}-${piece.from}`}
            x={piece.x * WIDTH}
            width={piece.width * WIDTH}
            height="24"
            className={FILLS[piece.state]}
          >
            <title>
              {`${WORDS[piece.state]} for ${formatDuration(piece.to - piece.from)}, from ${formatShortInstant(piece.from)}`}
            </title>
          </rect>
        ))}
      </svg>
      <p className="flex flex-wrap justify-between gap-x-3 text-xs text-muted tabular-nums">
        <span className="whitespace-nowrap">{formatShortInstant(health.from)}</span>
        {gaps && <span className="order-last sm:order-none">grey: the relay was not running</span>}
        <span className="whitespace-nowrap">now</span>
      </p>
    </div>
  );
}
