import type { ConfigKey } from './keys.ts';

/** A value as one source gives it, before its type is checked. */
export interface Given {
  readonly value: unknown;
  /** What to name in messages: the flag, the environment variable, or file and key. */
  readonly from: string;
  /** Folder that relative paths start at. */
  readonly base: string;
}

/** What one source (flags, environment, file) says, by key. */
export type Layer = Map<ConfigKey, Given>;

/** Reads a small text file; throws the system's error. */
export type ReadFile = (path: string) => string;
