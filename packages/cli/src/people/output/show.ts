import { harmless, print, printJson } from '../../terminal/index.ts';
import type { PersonFlags } from '../session/index.ts';

/** One answer in the ways in which people and programs may want it. */
export interface Shown {
  /** For `--json`. */
  readonly json: unknown;
  /** Names or ids for `--quiet`, one a line; none: nothing is said. */
  readonly quiet?: readonly string[];
  /** For people, fit for a terminal. */
  readonly text: () => string;
}

export function show(flags: PersonFlags, { json, quiet = [], text }: Shown): void {
  if (flags.json === true) printJson(json);
  else if (flags.quiet === true) for (const name of quiet) print(harmless(name));
  else print(text());
}

/** Tells something beside the answer, on standard error; `--quiet` and `--json` have none of it. */
export function note(flags: PersonFlags, text: string): void {
  if (flags.quiet !== true && flags.json !== true) process.stderr.write(`${harmless(text)}\n`);
}
