import { pino } from 'pino';

/** Structured log lines; `event` is a fixed phrase of plain words. No secret is ever passed, at any level. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, event: string): void;
  info(fields: Readonly<Record<string, unknown>>, event: string): void;
  warn(fields: Readonly<Record<string, unknown>>, event: string): void;
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A log of JSON lines on standard output; `error` fields are written with message and stack. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    { level, base: null, serializers: { error: pino.stdSerializers.err } },
    pino.destination({ fd: 1, sync: true }),
  );
}

const nothing = (): void => undefined;

/** Writes nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
