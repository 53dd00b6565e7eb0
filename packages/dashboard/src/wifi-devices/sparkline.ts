const WIDTH = 100;
const HEIGHT = 24;
const MARGIN = 2;

/** Points of a polyline in a drawing of 100 by 24, by time; undefined: too few to be a line. */
export function sparkline(history: readonly (readonly [at: number, value: number])[]): string | undefined {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined || last[0] <= first[0]) return undefined;
  const values = history.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // Halves, since the whole span of two numbers may be none.
  const span = high / 2 - low / 2;
  return history
    .map(([at, value]) => {
      const x = ((at - first[0]) / (last[0] - first[0])) * WIDTH;
      const part = span === 0 ? 0.5 : (value / 2 - low / 2) / span;
      return `${x.toFixed(1)},${(HEIGHT - MARGIN - part * (HEIGHT - 2 * MARGIN)).toFixed(1)}`;
    })
    .join(' ');
}
