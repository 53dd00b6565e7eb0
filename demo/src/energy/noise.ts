/** Noise that depends on nothing but its arguments, so that any moment of history can be asked again. */

/** A number in [0, 1) for each whole `n`, different for each `seed`. */
export function hash(n: number, seed: number): number {
  let x = Math.imul(n ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 16), 0x27d4eb2f);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** Smooth noise in [0, 1): a new random height every `period` seconds, blended in between. */
export function smooth(time: number, period: number, seed: number): number {
  const at = time / period;
  const step = Math.floor(at);
  const part = at - step;
  const blend = part * part * (3 - 2 * part);
  return hash(step, seed) * (1 - blend) + hash(step + 1, seed) * blend;
}
