export interface LinkEvent {
  readonly deviceId: string;
  readonly at: number;
  readonly state: 'up' | 'down';
}

/** What one device's link did in one interval; `at` is the interval's start. */
export interface HealthSample {
  readonly deviceId: string;
  readonly at: number;
  /** Mean round trip in ms, absent when none was measured. */
  readonly rtt: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A span in which the relay was running; the last one is extended as long as it runs. */
export interface RelayRun {
  readonly from: number;
  readonly to: number;
}

/** Keeps the history that uptime bars and latency plots are drawn from. */
export interface HealthStore {
  /** One transaction. A sample for the same device and interval adds to the one that is there. Facts of removed devices are passed over. */
  record(events: readonly LinkEvent[], samples: readonly HealthSample[]): Promise<void>;
  /** Events in `from ≤ at < to`, in order of time, and before them the last one earlier than `from`, if there is one. */
  events(deviceId: string, from: number, to: number): Promise<LinkEvent[]>;
  /** Samples in `from ≤ at < to`, in order. */
  samples(deviceId: string, from: number, to: number): Promise<HealthSample[]>;
  /** Runs that overlap `from … to`, in order. */
  runs(from: number, to: number): Promise<RelayRun[]>;
  /** Starts a run at `from`, or extends the run that started there. */
  recordRun(run: RelayRun): Promise<void>;
  /** Removes what is older, but for each device's last event from before, which its state at that time follows from. */
  prune(before: number): Promise<void>;
}
