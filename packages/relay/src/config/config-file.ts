import { dirname } from 'node:path';
import { didYouMean } from '@porchlight/protocol';
import { parseDocument } from 'yaml';
import { ConfigError, systemErrorCode } from './config-error.ts';
import type { ConfigKey } from './keys.ts';
import { configNodes } from './relay-config.ts';
import type { Layer, ReadFile } from './source.ts';

/** Longest configuration file, in characters. */
const FILE_MAX = 256 * 1024;
/** Most aliases that a file may resolve; more is a mistake or a bomb. */
const ALIASES_MAX = 100;

/**
 * Reads the YAML configuration file. A listener's section may be written short: `https: 443`, `http: off`. Keys
 * without a value count as not given.
 * @param file absolute path
 * @throws ConfigError for a file that cannot be read or parsed, and for keys that do not exist
 */
export function readConfigFile(file: string, readFile: ReadFile): Layer {
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    const why =
      systemErrorCode(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${systemErrorCode(error)})`;
    throw new ConfigError(`The configuration file ${file} ${why}: check --config and PORCHLIGHT_CONFIG`, {
      cause: error,
    });
  }
  return parseConfigFile(text, file);
}

/** The same for a text already read. */
export function parseConfigFile(text: string, file: string): Layer {
  if (text.length > FILE_MAX)
    throw new ConfigError(`${file} is longer than ${FILE_MAX / 1024} kB: shorten it`);
  const layer: Layer = new Map();
  const base = dirname(file);
  for (const [name, value] of topLevel(text, file)) {
    if (value === null || value === undefined) continue;
    const node = configNodes.get(name);
    if (node === undefined) throw unknownKey(file, name, name, configNodes.keys());
    if (node.kind === 'key') {
      layer.set(node.key, { value, from: `${file}: ${name}`, base });
      continue;
    }
    for (const [inner, innerValue] of sectionOf(value, node.keys, `${file}: ${name}`)) {
      const known = node.keys.get(inner);
      if (known === undefined) throw unknownKey(file, `${name}.${inner}`, inner, node.keys.keys());
      if (innerValue === null || innerValue === undefined) continue;
      layer.set(known, { value: innerValue, from: `${file}: ${known.name}`, base });
    }
  }
  return layer;
}

function topLevel(text: string, file: string): Iterable<[string, unknown]> {
  let root: unknown;
  try {
    const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' });
    const problem = document.errors[0];
    if (problem !== undefined) {
      const line = problem.linePos?.[0].line;
      const why = (problem.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
      throw new ConfigError(`${file}${line === undefined ? '' : ` line ${line}`} is not YAML: ${why}`);
    }
    root = document.toJS({ mapAsMap: true, maxAliasCount: ALIASES_MAX });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const why = error instanceof RangeError ? 'it is nested too deeply' : String(error);
    throw new ConfigError(`${file} is not usable YAML: ${why}`, { cause: error });
  }
  if (root === null || root === undefined) return [];
  if (!(root instanceof Map)) {
    throw new ConfigError(`${file} must hold keys and values, such as "domain: relay.example"`);
  }
  return named(root);
}

function named(map: ReadonlyMap<unknown, unknown>): [string, unknown][] {
  return [...map].map(([name, value]) => [typeof name === 'string' ? name : '(not a name)', value]);
}

function sectionOf(value: unknown, keys: ReadonlyMap<string, ConfigKey>, where: string): [string, unknown][] {
  if (value instanceof Map) return named(value);
  if (keys.has('port') && typeof value !== 'object') return [['port', value]];
  throw new ConfigError(`${where} must be a section with some of the keys ${[...keys.keys()].join(', ')}`);
}

function unknownKey(file: string, full: string, word: string, candidates: Iterable<string>): ConfigError {
  const names = [...candidates];
  const hint = didYouMean(word, names) || `: known here are ${names.join(', ')}`;
  return new ConfigError(`${file} has an unknown key ${JSON.stringify(full.slice(0, 80))}${hint}`);
}
