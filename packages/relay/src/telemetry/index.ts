export { type LogFields, type Logger, silentLogger } from './logger.ts';
export { createMetrics, type RelayMetrics, type RequestMeter, type RequestOutcome } from './metrics.ts';
export { type MetricsServer, startMetricsServer } from './metrics-server.ts';
export { createLogger, type LogSettings } from './pino-logger.ts';
