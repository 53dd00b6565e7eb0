/** The time and what waits for it, given by the root so that tests need no sleeping. */
export interface Clock {
  /** ms since 1970-01-01 UTC. */
  now(): number;
  /** ms from an arbitrary start; never jumps. */
  monotonic(): number;
  /** Calls once after `ms`; gives what cancels it. */
  after(ms: number, call: () => void): () => void;
  /** Calls every `ms`; gives what cancels it. */
  every(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    return () => clearInterval(timer);
  },
};
