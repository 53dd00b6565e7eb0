import type { InputPoint } from './input.ts';

/** Size of the drawing, in its own units. */
export const PLOT = { width: 160, height: 32 } as const;
const MARGIN = 2;

/** The points of a polyline through the numbers, for SVG; undefined: there are too few. */
export function plot(history: readonly InputPoint[]): string | undefined {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  let [low, high] = [first.value, first.value];
  for (const { value } of history) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const x = (at: number) => MARGIN + ((at - first.at) / (last.at - first.at)) * (PLOT.width - 2 * MARGIN);
  // By halves: the difference of two large numbers may be none.
  const range = high / 2 - low / 2;
  const y = (value: number) => {
    const part = range === 0 ? 0.5 : (value / 2 - low / 2) / range;
    return PLOT.height - MARGIN - part * (PLOT.height - 2 * MARGIN);
  };
  return history.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
}
