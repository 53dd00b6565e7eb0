/** The last value of one name that a device reports, as text. */
export interface Reading {
  readonly deviceId: string;
  readonly name: string;
  readonly value: string;
  /** When it was reported, ms since 1970. */
  readonly at: number;
}

/** The numbers that one name had in one interval; `at` is the interval's start. */
export interface ReadingSample {
  readonly deviceId: string;
  readonly name: string;
  readonly at: number;
  readonly sum: number;
  readonly count: number;
}

/** Names kept for a device; those reported longest ago go, with their history. */
export const READING_NAMES_MAX = 64;

/** Keeps what devices report of themselves. */
export interface ReadingStore {
  /**
   * One transaction. A reading replaces an earlier one of its name, not a later one. A sample adds to the one that is
   * there for its interval, and is passed over where no reading of its name is kept; so is what a device reported
   * that is gone.
   */
  record(readings: readonly Reading[], samples: readonly ReadingSample[]): Promise<void>;
  /** In order of name. */
  last(deviceId: string): Promise<Reading[]>;
  /** Samples in `from ≤ at < to`, in order of name, then time. */
  samples(deviceId: string, from: number, to: number): Promise<ReadingSample[]>;
  /** Removes samples that are older. */
  prune(before: number): Promise<void>;
}
