/** What the probe of the demo oscilloscope measures. */

export interface Wave {
  shape: 'sine' | 'square' | 'triangle';
  /** Hz, 0.1 to 5. */
  frequency: number;
  /** Volts, 0 to 5. */
  amplitude: number;
}

export const START_WAVE: Wave = { shape: 'sine', frequency: 0.7, amplitude: 3 };

const SHAPES: ReadonlyMap<unknown, (phase: number) => number> = new Map([
  ['sine', (phase) => Math.sin(2 * Math.PI * phase)],
  ['square', (phase) => (phase % 1 < 0.5 ? 1 : -1)],
  ['triangle', (phase) => 1 - 4 * Math.abs((phase % 1) - 0.5)],
]);

/** Volts at `seconds`, with a little noise that depends on the time alone. */
export function voltage(wave: Wave, seconds: number): number {
  const noise = Math.sin(seconds * 91.7) * Math.sin(seconds * 37.3) * 0.08;
  return wave.amplitude * (SHAPES.get(wave.shape)?.(seconds * wave.frequency) ?? 0) + noise;
}

/** The probe's temperature in °C at Unix `seconds`. */
export function temperature(seconds: number): number {
  return (
    21.4 + 0.9 * Math.sin(seconds / 47) + 0.35 * Math.sin(seconds / 11.3) + 0.05 * Math.sin(seconds * 1.7)
  );
}

/** Reads a wave that a page asks for: what is missing or out of range stays as in `before`. */
export function parseWave(value: unknown, before: Wave): Wave {
  if (typeof value !== 'object' || value === null) return before;
  const asked = value as Record<string, unknown>;
  const within = (number: unknown, low: number, high: number, otherwise: number): number =>
    typeof number === 'number' && number >= low && number <= high ? number : otherwise;
  return {
    shape: SHAPES.has(asked['shape']) ? (asked['shape'] as Wave['shape']) : before.shape,
    frequency: within(asked['frequency'], 0.1, 5, before.frequency),
    amplitude: within(asked['amplitude'], 0, 5, before.amplitude),
  };
}
