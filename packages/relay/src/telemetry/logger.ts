/** A value that a log line may carry. Errors are written with their code, message, stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where domains say what happened. `event` is a fixed phrase of plain words (`link up`, `join request denied`), never
 * built from values: those go into `fields`.
 *
 * No token, password, cookie, digest or key goes into a log, at any level. The implementation masks fields whose name
 * tells that they are one, but that is the net below the rope: do not pass them.
 */
export interface Logger {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  /** The same log, for one component; `fields` are added to each of its lines, e.g. `{ device: 'zumi01' }`. */
  child(component: string, fields?: LogFields): Logger;
}

const nothing = (): void => undefined;

/** Writes nothing: for tests and for programs that embed a part of the relay. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
