/** What is known of each key beside its type: the one place that flags, environment names and reference come from. */
import { z } from 'zod';

export interface KeyMeta {
  /** One or two plain sentences for the reference and `--help`. */
  readonly description: string;
  /** Name of the command-line flag with its placeholder, e.g. `https <port>`; none: environment and file only. */
  readonly flag?: string;
  /** As it would be written in the file; absent: the key is not set unless told. */
  readonly default?: string;
  readonly unit?: string;
  /** A value for the example file where there is no default. */
  readonly example?: string;
  /** Names a file or folder: `~/` is the home folder; relative ones start at the file they stand in, or the working folder. */
  readonly isPath?: true;
  /** Never printed; its environment name has a `_FILE` twin. */
  readonly secret?: true;
}

/** One key of the configuration. */
export interface ConfigKey extends KeyMeta {
  /** E.g. `['https', 'port']`. */
  readonly path: readonly string[];
  /** E.g. `https.port`. */
  readonly name: string;
  /** E.g. `PORCHLIGHT_HTTPS_PORT`. */
  readonly env: string;
}

const metaOfKeys = z.registry<KeyMeta>();
const metaOfSections = z.registry<{ description: string }>();

/** A key that is always there: its default is given once, in `meta.default`, and goes through the same checks. */
export function key<T extends z.ZodType>(type: T, meta: KeyMeta & { default: string }) {
  const result = type.prefault(meta.default as never);
  metaOfKeys.add(result, meta);
  return result;
}

/** A key that may be absent. */
export function optionalKey<T extends z.ZodType>(type: T, meta: KeyMeta) {
  const result = type.optional();
  metaOfKeys.add(result, meta);
  return result;
}

/** Keys that belong together, one level deep. */
export function section<S extends z.ZodRawShape>(description: string, shape: S) {
  const result = z.strictObject(shape).prefault({} as never);
  metaOfSections.add(result, { description });
  return result;
}

/** What a file may hold at one place: a key, or a section of keys by their last name. */
export type ConfigNode =
  | { readonly kind: 'key'; readonly key: ConfigKey }
  | { readonly kind: 'section'; readonly description: string; readonly keys: ReadonlyMap<string, ConfigKey> };

function describeKey(path: readonly string[], meta: KeyMeta): ConfigKey {
  const words = path.join('_').replace(/[A-Z]/g, (letter) => `_${letter}`);
  return { ...meta, path, name: path.join('.'), env: `PORCHLIGHT_${words.toUpperCase()}` };
}

/** Reads keys and sections out of the schema, in the order in which they stand there. */
export function describeKeys(schema: z.ZodObject): ReadonlyMap<string, ConfigNode> {
  const nodes = new Map<string, ConfigNode>();
  for (const [name, child] of Object.entries(schema.shape)) {
    const meta = metaOfKeys.get(child as z.ZodType);
    if (meta !== undefined) {
      nodes.set(name, { kind: 'key', key: describeKey([name], meta) });
      continue;
    }
    const keys = new Map<string, ConfigKey>();
    for (const [inner, type] of Object.entries((child as z.ZodPrefault<z.ZodObject>).unwrap().shape)) {
      const innerMeta = metaOfKeys.get(type as z.ZodType);
      if (innerMeta === undefined) throw new Error(`${name}.${inner} is not described`);
      keys.set(inner, describeKey([name, inner], innerMeta));
    }
    const description = metaOfSections.get(child as z.ZodType)?.description ?? '';
    nodes.set(name, { kind: 'section', description, keys });
  }
  return nodes;
}
