/**
 * What kept the agent from doing as it was told: its settings, no agent that runs on the folder, a relay that said no or
 * could not be reached, or a person who stopped it.
 */
export type ConfigErrorKind = 'settings' | 'no_agent' | 'refused' | 'unreachable' | 'stopped';

/**
 * The agent cannot do as it was told. The message is one line that names the cause and the mend, fit to be printed as
 * it is; the command's exit code follows from the kind. Never holds the value of a secret.
 */
export class ConfigError extends Error {
  readonly kind: ConfigErrorKind;

  constructor(message: string, options: { cause?: unknown; kind?: ConfigErrorKind } = {}) {
    super(
      message.replace(/\s*[\r\n]+\s*/g, ' '),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'ConfigError';
    this.kind = options.kind ?? 'settings';
  }
}

/** A value as it may stand in a message: quoted, on one line, cut after 60 characters. */
export function quoted(value: unknown): string {
  const text = String(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** The `code` of a system error, e.g. `EACCES`; empty for anything else. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
