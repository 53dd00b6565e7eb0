import { describeListenError } from '../config/index.ts';
import { type MetricsServer, startMetricsServer } from '../telemetry/index.ts';
import type { Foundation } from './foundation.ts';

/** Opens the port for metrics, if there shall be one. @throws ConfigError */
export async function openMetricsPage({
  config,
  metrics,
  logger,
  stack,
}: Foundation): Promise<MetricsServer | undefined> {
  const { port, host } = config.metrics;
  if (port === 'off') return undefined;
  try {
    const server = await startMetricsServer({ metrics, logger, port, host });
    stack.add(() => server.close());
    return server;
  } catch (error) {
    throw describeListenError(error, { name: 'metrics', port, host, flag: '--metrics' });
  }
}
