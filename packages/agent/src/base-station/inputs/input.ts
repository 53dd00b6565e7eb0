/** A value that was a number, at a time. */
export interface InputPoint {
  /** ms since 1970. */
  readonly at: number;
  readonly value: number;
}

/** What comes in under one topic. */
export interface Input {
  readonly topic: string;
  /** Of the device that publishes it; undefined: a program. */
  readonly device: string | undefined;
  /** The last one, as text; long ones are cut. */
  readonly value: string;
  /** ms since 1970. */
  readonly at: number;
  /** Its numbers, oldest first. */
  readonly history: readonly InputPoint[];
  /** Usual time from one message to the next, in ms; undefined: too few came yet. */
  readonly interval: number | undefined;
  /** Nothing has come for longer than is usual. */
  readonly silent: boolean;
}

/** Points of one input: what a small plot can show. 1 000 inputs take 3 MB. */
export const POINTS_MAX = 120;
/** Older points are forgotten. */
const SPAN_MS = 24 * 3600_000;
/** Gaps that the usual interval is learned from, and how many there must be. */
const GAPS_MAX = 9;
const GAPS_MIN = 3;
/** Messages of one reading come together; the gap between them says nothing. */
const GAP_MIN_MS = 500;
/** Late by so many intervals is silent, and by so much in any case: networks lose a message or two. */
const SILENT_INTERVALS = 3;
const SILENT_MS = 30_000;
const VALUE_MAX = 64;

/** An input as it is kept. */
export class KeptInput {
  readonly topic: string;
  device: string | undefined;
  #value = '';
  #at = 0;
  /** By a clock that never jumps. */
  #heardAt = 0;
  #points: InputPoint[] = [];
  #gaps: number[] = [];

  constructor(topic: string) {
    this.topic = topic;
  }

  /** By the monotonic clock, when it was heard last. */
  get heardAt(): number {
    return this.#heardAt;
  }

  note(text: string, at: number, monotonic: number): void {
    const gap = monotonic - this.#heardAt;
    if (this.#at > 0 && gap >= GAP_MIN_MS) this.#gaps = [...this.#gaps, gap].slice(-GAPS_MAX);
    this.#value = text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
    this.#at = at;
    this.#heardAt = monotonic;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) return;
    this.#points.push({ at, value });
    if (this.#points.length > POINTS_MAX) {
      // What is older gets coarser, so that the plot shows a long time and the present.
      const recent = POINTS_MAX / 2;
      this.#points = this.#points.filter(
        (point, n) => at - point.at < SPAN_MS && (n % 2 === 0 || n >= this.#points.length - recent),
      );
    }
  }

  view(monotonic: number): Input {
    const interval = this.#interval();
    const patience = Math.max(SILENT_MS, SILENT_INTERVALS * (interval ?? 0));
    const silent = interval !== undefined && monotonic - this.#heardAt > patience;
    const { topic, device } = this;
    return { topic, device, value: this.#value, at: this.#at, history: this.#points, interval, silent };
  }

  /** The median: one long gap, as when the device was off, does not count. */
  #interval(): number | undefined {
    if (this.#gaps.length < GAPS_MIN) return undefined;
    return [...this.#gaps].sort((a, b) => a - b)[this.#gaps.length >> 1];
  }
}
