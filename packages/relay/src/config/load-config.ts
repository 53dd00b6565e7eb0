import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { ConfigError, quoted } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import { type Environment, readEnvironment } from './environment.ts';
import type { ConfigKey } from './keys.ts';
import { readOptions } from './options.ts';
import { configKeys, type RelayConfig, relayConfig } from './relay-config.ts';
import { Secret } from './secret.ts';
import type { Given, Layer, ReadFile } from './source.ts';

export interface ConfigSources {
  /** Commander's `opts()`; see {@link readOptions}. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly env: Environment;
  /** Default: the file system. */
  readonly readFile?: ReadFile;
  /** Where relative paths start. Default: the working folder. */
  readonly cwd?: string;
}

export interface LoadedConfig {
  readonly config: RelayConfig;
  /** Lines for the log: what was given and means nothing. */
  readonly warnings: readonly string[];
  /** The configuration file that was read. */
  readonly file: string | undefined;
}

/**
 * Puts the configuration together: flags go before the environment, that before the file, that before the defaults.
 * @throws ConfigError, one line, and nothing else
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const { env, options = {}, cwd = process.cwd() } = sources;
  const readFile: ReadFile = sources.readFile ?? ((path) => readFileSync(path, 'utf8'));
  const flags = readOptions(options, cwd);
  const environment = readEnvironment(env, cwd, readFile);
  const wish = options['config'] ?? (env['PORCHLIGHT_CONFIG'] || undefined);
  const file = typeof wish === 'string' ? fullPath(wish, cwd, env) : undefined;
  const fromFile: Layer = file === undefined ? new Map() : readConfigFile(file, readFile);
  const given: Layer = new Map([...fromFile, ...environment.layer, ...flags]);
  return { config: settle(given, env, cwd), warnings: environment.warnings, file };
}

function fullPath(path: string, base: string, env: Environment): string {
  const home = env['HOME'] || homedir();
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(base, path);
}

/** Checks the merged values against the schema, and freezes what comes out. */
function settle(given: Layer, env: Environment, cwd: string): RelayConfig {
  const raw: Record<string, unknown> = {};
  for (const key of configKeys) {
    const found =
      given.get(key) ?? (key.isPath && key.default !== undefined ? defaultOf(key, cwd) : undefined);
    if (found === undefined) continue;
    const isPath = key.isPath === true && typeof found.value === 'string' && found.value.trim() !== '';
    put(raw, key.path, isPath ? fullPath(found.value.trim(), found.base, env) : found.value);
  }
  const result = relayConfig.safeParse(raw);
  if (result.success) return deepFreeze(result.data);
  throw explain(result.error, given);
}

function defaultOf(key: ConfigKey, cwd: string): Given {
  return { value: key.default, from: key.name, base: cwd };
}

function put(raw: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = '', second] = path;
  if (second === undefined) raw[first] = value;
  else raw[first] = { ...(raw[first] as Record<string, unknown> | undefined), [second]: value };
}

function explain(error: z.ZodError, given: Layer): ConfigError {
  const issue = error.issues[0];
  const name = issue?.path.join('.') ?? '';
  const key = configKeys.find((candidate) => candidate.name === name);
  const value = key === undefined ? undefined : given.get(key);
  const message = issue?.message ?? 'is not understood';
  if (key === undefined || value === undefined) return new ConfigError(`${name} ${message}`);
  // Rules over several keys name them in their message, where the value of one would only confuse.
  const shown =
    key.secret === true || !message.startsWith('must be ') ? '' : ` is ${quoted(value.value)} but`;
  return new ConfigError(`${value.from}${shown} ${message}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
