import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { AccessLog } from './access-log.ts';
import { combinedLine, jsonLine } from './lines.ts';
import { LogFile } from './log-file.ts';

const MEGABYTE = 1_000_000;

/** Opens the access log of the configuration. @throws ConfigError when the file cannot be written */
export async function openAccessLog(
  settings: { file: string; format: 'combined' | 'json'; maxMegabytes: number; keep: number },
  parts: { clock: Clock; logger: Logger },
): Promise<AccessLog> {
  const { file: path, keep } = settings;
  const file = new LogFile({ path, maxBytes: settings.maxMegabytes * MEGABYTE, keep });
  try {
    await file.open();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError(
      `The access log ${path} cannot be written (${code}): make its folder and let this user write there, or choose another with accessLog.file`,
      { cause: error },
    );
  }
  return new AccessLog({ ...parts, file, format: settings.format === 'json' ? jsonLine : combinedLine });
}
