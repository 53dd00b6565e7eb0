/** Names as the original takes them; longer ones are no part of emoncms. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Parameters of one call, and characters of all of them: histories are asked for with five. */
const PARAMETERS_MAX = 50;
const PARAMETERS_LENGTH_MAX = 8_000;
/** Never taken from outside: the first names another route to emoncms, the second is the home's own affair. */
const STRIPPED = new Set(['q', 'apikey']);

/**
 * What the server lets through, whatever the home would allow: what the original client's own list has. A name with
 * `write` changes something.
 */
const ALLOWED: ReadonlyMap<string, 'read' | 'write'> = new Map([
  ...(
    'app/list feed/list feed/data feed/value feed/getmeta feed/timevalue feed/listwithmeta feed/fetch device/list ' +
    'demandshaper/get demandshaper/list input/get input/list test/test device/authcheck'
  )
    .split(' ')
    .map((name) => [name, 'read'] as const),
  ...'demandshaper/submit demandshaper/get-state device/authallow'
    .split(' ')
    .map((name) => [name, 'write'] as const),
]);

/** One call of an emoncms: `/<controller>/<action>[/<subaction>].json?<data>`. */
export interface EmoncmsCall {
  readonly controller: string;
  readonly action: string;
  /** Empty: none. */
  readonly subaction: string;
  readonly data: ReadonlyMap<string, string>;
  readonly changes: boolean;
}

/** Controller, action and subaction of a path, if it is one of emoncms that the server lets through. */
export function parseCallPath(path: string): Omit<EmoncmsCall, 'data'> | undefined {
  const parts = /^\/([^/]+)\/([^/]+)(?:\/([^/]+))?\.json$/.exec(path)?.slice(1) ?? [];
  const [controller, action, subaction = ''] = parts;
  if (controller === undefined || action === undefined) return undefined;
  if (subaction !== '' && !NAME.test(subaction)) return undefined;
  const access = ALLOWED.get(`${controller}/${action}`);
  return access && { controller, action, subaction, changes: access === 'write' };
}

/** Parameters without those that no home shall get; undefined: there are too many. */
export function parseCallData(query: URLSearchParams): ReadonlyMap<string, string> | undefined {
  const data = new Map<string, string>();
  let length = 0;
  for (const [name, value] of query) {
    // PHP reads `q[]`, `q.x` and ` q` as `q`, or as something that begins with it.
    const plain =
      name
        .trim()
        .toLowerCase()
        .split(/[[.\s\0]/, 1)[0] ?? '';
    if (STRIPPED.has(plain)) continue;
    data.set(name, value);
    length += name.length + value.length;
  }
  return data.size > PARAMETERS_MAX || length > PARAMETERS_LENGTH_MAX ? undefined : data;
}
