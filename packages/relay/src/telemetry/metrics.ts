import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { expose, exposeBy, exposeSpread } from './exposition.ts';
import { Meter, Spread } from './meters.ts';

/** How a device got through to the relay. */
const TRANSPORTS = ['ssh', 'https', 'websocket', 'mqtt'] as const;
/** Who answered a request: the device, the relay in its place, the console and API; or the visitor left before. */
const OUTCOMES = ['device', 'relay', 'console', 'aborted'] as const;
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
/** Upper bounds in seconds: fine where a good link lies, coarse where streams and long polls do. */
const DURATIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 600];

export type RequestOutcome = (typeof OUTCOMES)[number];

/** Counts the requests of one outcome. */
export interface RequestMeter {
  /** @param status HTTP status, 0 when there was none. @param seconds from the request's head to the answer's end */
  count(status: number, seconds: number): void;
}

/** What the relay measures of itself. All changes are allocation-free; take a meter once, and keep it. */
export type RelayMetrics = ReturnType<typeof createMetrics>;

function requestMeters(registry: Registry): Readonly<Record<RequestOutcome, RequestMeter>> {
  const duration = new Spread(DURATIONS);
  const all = OUTCOMES.map((outcome) => ({
    outcome,
    meters: STATUS_CLASSES.map((status) => ({ labels: { outcome, status }, meter: new Meter() })),
  }));
  expose(
    registry,
    'counter',
    { name: 'porchlight_http_requests_total', help: 'HTTP requests by who answered and class of status.' },
    all.flatMap(({ meters }) => meters),
  );
  exposeSpread(
    registry,
    {
      name: 'porchlight_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer.',
    },
    duration,
  );
  const byOutcome = all.map(({ outcome, meters }): [RequestOutcome, RequestMeter] => {
    const counters = meters.map(({ meter }) => meter);
    const count = (status: number, seconds: number) => {
      const kind = Math.trunc(status / 100);
      counters[kind >= 1 && kind <= 5 ? kind : 0]?.add(1);
      duration.observe(seconds);
    };
    return [outcome, { count }];
  });
  return Object.fromEntries(byOutcome) as Record<RequestOutcome, RequestMeter>;
}

/** @param options `process`: also memory, CPU, event-loop delay and garbage collection of this process */
export function createMetrics(options: { process: boolean }) {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  const links = { name: 'porchlight_links', help: 'Links of devices that are up.', label: 'transport' };
  const bytes = { name: 'porchlight_bytes_total', help: 'Bytes through links.', label: 'direction' };
  const joins = { name: 'porchlight_join_requests_total', help: 'Join requests by what became of them.' };
  const signIns = { name: 'porchlight_sign_ins_total', help: 'Attempts to sign in.', label: 'result' };
  const passedOn = {
    name: 'porchlight_passthrough_connections_total',
    help: 'TLS connections for devices that end them, by outcome.',
    label: 'outcome',
  };
  const passedBytes = {
    name: 'porchlight_passthrough_bytes_total',
    help: 'Bytes of TLS connections passed on to devices.',
    label: 'direction',
  };
  const handshakes = {
    name: 'porchlight_ssh_refused_total',
    help: 'SSH connections turned away.',
    label: 'reason',
  };
  const rpcDropped = {
    name: 'porchlight_rpc_dropped_total',
    help: 'Messages of devices about HTTP over MQTT that were dropped.',
    label: 'why',
  };
  return {
    rpcDropped: exposeBy(registry, 'counter', rpcDropped, ['late', 'duplicate', 'rubbish']),
    links: exposeBy(registry, 'gauge', links, TRANSPORTS),
    requests: requestMeters(registry),
    bytes: exposeBy(registry, 'counter', bytes, ['from_device', 'to_device']),
    passthrough: {
      connections: exposeBy(registry, 'counter', passedOn, ['carried', 'refused']),
      bytes: exposeBy(registry, 'counter', passedBytes, ['from_device', 'to_device']),
    },
    joinRequests: exposeBy(registry, 'counter', { ...joins, label: 'outcome' }, [
      'allowed',
      'denied',
      'expired',
    ]),
    signIns: exposeBy(registry, 'counter', signIns, ['ok', 'failed', 'throttled']),
    sshRefused: exposeBy(registry, 'counter', handshakes, [
      'address_limit',
      'deadline',
      'authentication',
      'protocol',
      'too_much',
    ]),
    /** Shows a number that somebody else keeps, read whenever the page is asked for. */
    observe(name: `porchlight_${string}`, help: string, read: () => number): void {
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) });
    },
    contentType: registry.contentType,
    /** The page in the Prometheus text format. */
    page: () => registry.metrics(),
  };
}
