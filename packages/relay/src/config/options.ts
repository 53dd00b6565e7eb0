import { didYouMean } from '@porchlight/protocol';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './keys.ts';
import { configKeys } from './relay-config.ts';
import type { Layer } from './source.ts';

/** One command-line option, as commander's `.option(flags, description)` takes it. */
export interface OptionDescriptor {
  /** E.g. `--https <port>`. */
  readonly flags: string;
  readonly description: string;
  /** Name under which commander's `opts()` has its value, e.g. `https`. */
  readonly attribute: string;
  /** The environment variable that means the same. */
  readonly env: string;
}

function attributeOf(flag: string): string {
  const long = flag.split(' ')[0] ?? flag;
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const keyByAttribute = new Map<string, ConfigKey & { flag: string }>();
for (const key of configKeys) {
  if (key.flag !== undefined) keyByAttribute.set(attributeOf(key.flag), { ...key, flag: key.flag });
}

/** What `porchlight relay` and its subcommands take. Defaults are in the descriptions only: commander must set none. */
export const relayOptions: readonly OptionDescriptor[] = [
  {
    flags: '--config <file>',
    description: 'Configuration file (YAML).',
    attribute: 'config',
    env: 'PORCHLIGHT_CONFIG',
  },
  ...[...keyByAttribute].map(([attribute, key]) => ({
    flags: `--${key.flag}`,
    description:
      key.default === undefined || key.default === ''
        ? key.description
        : `${key.description} (default: ${key.default})`,
    attribute,
    env: key.env,
  })),
];

/**
 * @param options commander's `opts()`, or the same by hand: `{ data: 'folder', https: '0' }`
 * @throws ConfigError for an option that does not exist
 */
export function readOptions(options: Readonly<Record<string, unknown>>, cwd: string): Layer {
  const layer: Layer = new Map();
  for (const [attribute, value] of Object.entries(options)) {
    if (attribute === 'config' || value === undefined) continue;
    const found = keyByAttribute.get(attribute);
    if (found === undefined) {
      throw new ConfigError(`There is no option ${attribute}${didYouMean(attribute, keyByAttribute.keys())}`);
    }
    const key = configKeys.find((candidate) => candidate.name === found.name);
    if (key !== undefined) layer.set(key, { value, from: `--${found.flag.split(' ')[0]}`, base: cwd });
  }
  return layer;
}
