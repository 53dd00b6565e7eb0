/** Shows meters to prom-client, which writes the page in the Prometheus text format. */
import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import { Meter, type Spread } from './meters.ts';

interface Description {
  readonly name: string;
  readonly help: string;
}

export interface LabelledMeter {
  readonly labels: Readonly<Record<string, string>>;
  readonly meter: Meter;
}

/** Registers meters that share a name and differ in labels. */
export function expose(
  registry: Registry,
  kind: 'counter' | 'gauge',
  about: Description,
  meters: readonly LabelledMeter[],
): void {
  const labelNames = Object.keys(meters[0]?.labels ?? {});
  const common = { ...about, labelNames, registers: [registry] };
  if (kind === 'gauge') {
    const gauge = new Gauge({
      ...common,
      collect: () => meters.forEach(({ labels, meter }) => gauge.set(labels, meter.value)),
    });
    return;
  }
  const counter = new Counter({
    ...common,
    collect() {
      counter.reset();
      meters.forEach(({ labels, meter }) => counter.inc(labels, meter.value));
    },
  });
}

/** Registers one meter for each value of a label, and gives them by value. */
export function exposeBy<const V extends string>(
  registry: Registry,
  kind: 'counter' | 'gauge',
  about: Description & { label: string },
  values: readonly V[],
): Readonly<Record<V, Meter>> {
  const { label, ...rest } = about;
  const meters = values.map((value) => [value, new Meter()] as const);
  expose(
    registry,
    kind,
    rest,
    meters.map(([value, meter]) => ({ labels: { [label]: value }, meter })),
  );
  return Object.fromEntries(meters) as Record<V, Meter>;
}

/** Registers a histogram. */
export function exposeSpread(registry: Registry, about: Description, spread: Spread): void {
  const values = () => {
    const counts = spread.cumulative();
    const total = counts.at(-1) ?? 0;
    const bucket = (le: number | string, value: number) => ({
      metricName: `${about.name}_bucket`,
      labels: { le },
      value,
    });
    return [
      ...spread.bounds.map((bound, index) => bucket(bound, counts[index] ?? 0)),
      bucket('+Inf', total),
      { metricName: `${about.name}_sum`, labels: {}, value: spread.sum },
      { metricName: `${about.name}_count`, labels: {}, value: total },
    ];
  };
  const shape = { ...about, type: 'histogram', aggregator: 'sum' };
  // The registry asks a metric for no more than this, though its type names the whole class.
  const metric = {
    ...shape,
    get: () => Promise.resolve({ ...shape, values: values() }),
    reset: () => undefined,
  };
  registry.registerMetric(metric as unknown as Metric);
}
