import { resolve } from 'node:path';
import { didYouMean } from '@porchlight/protocol';
import { ConfigError, systemErrorCode } from './config-error.ts';
import { configKeys } from './relay-config.ts';
import type { Layer, ReadFile } from './source.ts';

/** Names with our prefix that say something to other parts than the configuration. */
const OTHER_NAMES = new Set(['PORCHLIGHT_CONFIG']);
/** Longest secret in a file of its own. */
const SECRET_MAX = 64 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `PORCHLIGHT_*`; an empty value counts as not set. A secret may stand in a file that `<NAME>_FILE` names.
 * @returns what is set, and a line for each name that nothing knows
 * @throws ConfigError for a secret's file that cannot be read, or a secret given both ways
 */
export function readEnvironment(
  env: Environment,
  cwd: string,
  readFile: ReadFile,
): { layer: Layer; warnings: string[] } {
  const layer: Layer = new Map();
  const known = new Set(OTHER_NAMES);
  for (const key of configKeys) {
    known.add(key.env);
    const value = env[key.env];
    if (value !== undefined && value !== '') layer.set(key, { value, from: key.env, base: cwd });
    if (key.secret !== true) continue;
    const twin = `${key.env}_FILE`;
    known.add(twin);
    const file = env[twin];
    if (file === undefined || file === '') continue;
    if (layer.has(key)) throw new ConfigError(`${key.env} and ${twin} are both set: remove one of them`);
    layer.set(key, { value: readSecret(resolve(cwd, file), twin, readFile), from: twin, base: cwd });
  }
  const warnings = Object.keys(env)
    .filter((name) => name.startsWith('PORCHLIGHT_') && !known.has(name))
    .map((name) => `the environment variable ${name} is not known to the relay${didYouMean(name, known)}`);
  return { layer, warnings };
}

function readSecret(file: string, name: string, readFile: ReadFile): string {
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    throw new ConfigError(`${name} names ${file}, which cannot be read (${systemErrorCode(error)})`, {
      cause: error,
    });
  }
  if (text.trim() === '' || text.length > SECRET_MAX) {
    throw new ConfigError(`${name} names ${file}, which is ${text.trim() === '' ? 'empty' : 'too long'}`);
  }
  return text.trim();
}
