import { ConfigError, quoted } from '../config/index.ts';

/** What a part of emoncms is asked with: its read key, or its write key, which may change things. */
export type Access = 'read' | 'write';

/** `controller/action` → access, in order. */
export type AccessList = ReadonlyMap<string, Access>;

/** Entries of one list. The original has 19. */
export const ACCESS_LIST_MAX = 200;
const NAME_MAX = 64;
/** Letters, digits, `_` and `-`, as the original takes them, with one slash between controller and action. */
const NAME = /^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/;

const READ =
  'app/list feed/list feed/data feed/value feed/getmeta feed/timevalue feed/listwithmeta feed/fetch device/list ' +
  'demandshaper/get demandshaper/list input/get input/list test/test device/authcheck';
const WRITE = 'demandshaper/submit demandshaper/get-state device/authallow';

/** The list that the emoncms remote-access client comes with. */
export const DEFAULT_ACCESS_LIST: AccessList = new Map([
  ...READ.split(' ').map((name) => [name, 'read'] as const),
  ...WRITE.split(' ').map((name) => [name, 'write'] as const),
]);

/** A name of an access list, in its normal form. @throws ConfigError */
export function parseAccessName(text: string): string {
  const name = text
    .trim()
    .replace(/^\/+/, '')
    .replace(/\.json$/, '');
  if (name.length > NAME_MAX || !NAME.test(name)) {
    throw new ConfigError(
      `${quoted(text.slice(0, NAME_MAX))} is no part of emoncms: write CONTROLLER/ACTION, e.g. feed/list`,
    );
  }
  return name;
}

/**
 * Reads an access list as the original stores it: an object from `controller/action` to `"read"` or `"write"`.
 * @throws ConfigError that names the entry
 */
export function parseAccessList(value: unknown): AccessList {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError('the access list is no object from "controller/action" to "read" or "write"');
  }
  const entries = Object.entries(value);
  if (entries.length > ACCESS_LIST_MAX) {
    throw new ConfigError(`the access list has more than ${ACCESS_LIST_MAX} entries: remove some`);
  }
  const list = new Map<string, Access>();
  for (const [text, access] of entries) {
    const name = parseAccessName(text);
    if (access !== 'read' && access !== 'write') {
      throw new ConfigError(`the access list says neither "read" nor "write" for ${name}`);
    }
    list.set(name, access);
  }
  return list;
}
