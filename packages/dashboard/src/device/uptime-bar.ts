import type { Health } from '@porchlight/protocol/api';

export type UptimeState = Health['periods'][number]['state'];

/** A piece of the bar: `x` and `width` as shares of the whole, 0 to 1. */
export interface UptimePiece {
  readonly state: UptimeState;
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
}

/** A shorter outage is drawn this wide, so that it can be seen. */
const DOWN_WIDTH_MIN = 0.005;

/**
 * Pieces of the uptime bar, in the order to draw them: those that are down come last, because they are widened to
 * be seen and may then lie over their neighbours. Neighbouring periods of one state become one piece.
 */
export function uptimePieces(health: Pick<Health, 'from' | 'to' | 'periods'>): UptimePiece[] {
  const span = health.to - health.from;
  if (span <= 0) return [];
  const merged: { state: UptimeState; from: number; to: number }[] = [];
  for (const { state, from, to } of health.periods) {
    const clipped = { state, from: Math.max(from, health.from), to: Math.min(to, health.to) };
    if (clipped.to <= clipped.from) continue;
    const last = merged.at(-1);
    if (last?.state === state && last.to === clipped.from) last.to = clipped.to;
    else merged.push(clipped);
  }
  const pieces = merged.map((period) => placed(period, health.from, span));
  return [
    ...pieces.filter((piece) => piece.state !== 'down'),
    ...pieces.filter((piece) => piece.state === 'down'),
  ];
}

function placed(
  period: { state: UptimeState; from: number; to: number },
  start: number,
  span: number,
): UptimePiece {
  const exact = (period.to - period.from) / span;
  const width = period.state === 'down' ? Math.max(exact, DOWN_WIDTH_MIN) : exact;
  const x = (period.from - start) / span - (width - exact) / 2;
  return { ...period, x: Math.min(Math.max(0, x), 1 - width), width };
}

/** How often and how long it was down. */
export function outages(pieces: readonly UptimePiece[]): { count: number; longest: number } {
  const lengths = pieces.filter((piece) => piece.state === 'down').map((piece) => piece.to - piece.from);
  return { count: lengths.length, longest: Math.max(0, ...lengths) };
}
