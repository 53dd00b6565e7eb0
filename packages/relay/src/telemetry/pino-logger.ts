import { destination, type Logger as Pino, pino, stdTimeFunctions } from 'pino';
import type { LogFields, Logger } from './logger.ts';
import { redact } from './redact.ts';
import { textLine } from './text-lines.ts';

export interface LogSettings {
  readonly format: 'text' | 'json';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Takes whole lines. Default: standard output, written at once so that nothing is lost when the process ends. */
  readonly write?: (line: string) => void;
}

/**
 * The relay's log. JSON lines have `time` (RFC 3339, UTC), `level`, `component`, `msg` (the event), and the fields.
 */
export function createLogger(settings: LogSettings): Logger {
  const write = settings.write ?? standardOutput();
  const toLine = settings.format === 'text' ? textLine : (json: string) => json;
  const log = pino(
    {
      level: settings.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (json) => write(toLine(json)) },
  );
  return adapt(log);
}

function standardOutput(): (line: string) => void {
  const output = destination({ fd: 1, sync: true });
  return (line) => void output.write(line);
}

function adapt(log: Pino): Logger {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, event: string) => {
    if (log.isLevelEnabled(level)) log[level](redact(fields), event);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (component, fields = {}) => adapt(log.child({ component, ...redact(fields) })),
  };
}
