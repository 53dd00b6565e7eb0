/** How long a byte may wait on the way because of what we sent before it. Twice this is still pleasant to use. */
const QUEUE_TARGET_MS = 25;
/** Budget of a new connection, and its bounds. The least is a few packets; the most feeds any line we know of. */
const FIRST_BUDGET = 32 * 1024;
const LEAST_BUDGET = 4 * 1024;
const MOST_BUDGET = 8 * 1024 * 1024;
/** So many marks for each budget sent: often enough to notice soon, far apart enough to cost nothing. */
const MARKS_PER_BUDGET = 4;
const MARK_SPACING_MAX = 512 * 1024;
/** The shortest round trip is looked for anew this often, with the budget cut to a quarter for two round trips. */
const BASE_LIFE_MS = 30_000;
const DRAIN_SHARE = 4;

/** Once the line's limit has been met, the budget grows by so much less, to swing less around it. */
const FOUND_GROWTH = 4;

interface Mark {
  readonly position: number;
  readonly at: number;
}

/**
 * How many bytes may be on their way to the relay, so that a transfer fills the line and not the buffers before it.
 * Bytes count as on their way until a mark behind them has been answered. The budget grows by what is confirmed while
 * marks are answered as fast as on an empty line, and shrinks when they wait: the congestion control of LEDBAT (RFC
 * 6817) with the whole connection as one flow. Knows neither sockets nor SSH.
 */
export class SendBudget {
  readonly #now: () => number;
  #budget = FIRST_BUDGET;
  #sent = 0;
  #confirmed = 0;
  #marked = 0;
  readonly #marks: Mark[] = [];
  /** Somebody had to wait since the last answer: only then does more budget help. */
  #wanted = false;
  #found = false;
  #base = Number.POSITIVE_INFINITY;
  #lastBase = Number.POSITIVE_INFINITY;
  #baseSince: number;
  /** While the line is drained: the budget to return to, and the mark whose answer ends it. */
  #drain: { readonly budget: number; readonly until: number } | undefined;

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#baseSince = now();
  }

  /** Bytes handed over so far: the position behind the last of them. */
  get sent(): number {
    return this.#sent;
  }

  /** Everything before this position has arrived. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Bytes that may be sent now. */
  get room(): number {
    return this.#budget - (this.#sent - this.#confirmed);
  }

  /** Bytes that may be on their way at once. */
  get budget(): number {
    return this.#budget;
  }

  /** Tells that so many bytes were handed over. */
  spend(bytes: number): void {
    this.#sent += bytes;
  }

  /** True when enough was sent behind the last mark for the next one. */
  get markDue(): boolean {
    return this.#sent - this.#marked >= Math.min(this.#budget / MARKS_PER_BUDGET, MARK_SPACING_MAX);
  }

  /** Tells that somebody waits for room; true when a mark should be sent, as none is on its way. */
  want(): boolean {
    this.#wanted = true;
    return this.#marks.length === 0;
  }

  /** Tells of a round trip measured in another way, such as a ping's. */
  observe(roundTrip: number): void {
    if (roundTrip < this.#base) this.#base = roundTrip;
  }

  /** Tells that a mark was sent behind all bytes so far. */
  marked(): void {
    this.#marked = this.#sent;
    this.#marks.push({ position: this.#sent, at: this.#now() });
  }

  /** Tells that the oldest mark was answered. */
  answered(): void {
    const mark = this.#marks.shift();
    if (mark === undefined) return;
    const bytes = mark.position - this.#confirmed;
    this.#confirmed = mark.position;
    const now = this.#now();
    this.observe(now - mark.at);
    const base = Math.min(this.#base, this.#lastBase);
    if (this.#drain !== undefined) {
      if (mark.position > this.#drain.until) {
        this.#budget = this.#drain.budget;
        this.#drain = undefined;
      }
      return;
    }
    this.#adapt(bytes, now - mark.at - base);
    if (now - this.#baseSince >= BASE_LIFE_MS) this.#lookForBase(now);
  }

  #adapt(bytes: number, queued: number): void {
    const share = queued / QUEUE_TARGET_MS;
    if (share > 1) this.#found = true;
    const growth = this.#wanted ? (bytes * (1 - share)) / (this.#found ? FOUND_GROWTH : 1) : 0;
    const change = share < 1 ? growth : (-bytes * Math.min(1, share - 1)) / 2;
    this.#budget = Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, this.#budget + change));
    this.#wanted = false;
  }

  #lookForBase(now: number): void {
    this.#lastBase = this.#base;
    this.#base = Number.POSITIVE_INFINITY;
    this.#baseSince = now;
    // An idle line needs no draining.
    if (this.room > this.#budget / 2) return;
    this.#drain = { budget: this.#budget, until: this.#sent + this.#budget / DRAIN_SHARE };
    this.#budget = Math.max(LEAST_BUDGET, this.#budget / DRAIN_SHARE);
  }
}
