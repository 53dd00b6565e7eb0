import { CommandError } from '../../command-error.ts';
import type { Finding } from '../../show-findings.ts';

/** Longest that one step may take. */
export const STEP_DEADLINE_MS = 15_000;

/** What a step found out: its line, and what later steps need of it. */
export interface Step<T> {
  readonly value: T;
  readonly detail: string;
  /** It works, but not as it should. */
  readonly warning?: string;
}

/** One step: its finding, and what it gave; undefined when it failed. What it throws is the cause, with the mend as hint. */
export async function* attempt<T>(
  what: string,
  step: (signal: AbortSignal) => Promise<Step<T>>,
): AsyncGenerator<Finding, T | undefined> {
  const signal = AbortSignal.timeout(STEP_DEADLINE_MS);
  try {
    const { value, detail, warning } = await step(signal);
    yield warning === undefined
      ? { result: 'ok', what, detail }
      : { result: 'warning', what, detail, hint: warning };
    return value;
  } catch (error) {
    yield { result: 'failed', what, detail: messageOf(error, signal), hint: hintOf(error) };
    return undefined;
  }
}

/** A failure that a step has words for. */
export function failure(message: string, hint: string, cause?: unknown): CommandError {
  return new CommandError(message, { hint, cause });
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return `no answer within ${STEP_DEADLINE_MS / 1000} s`;
  return error instanceof Error ? error.message : String(error);
}

function hintOf(error: unknown): string | undefined {
  const hint: unknown = error instanceof Error ? Reflect.get(error, 'hint') : undefined;
  return typeof hint === 'string' ? hint : undefined;
}
