import { createExchange, type Exchange, exchange } from './exchange.ts';
import { parseBase, withPart } from './path.ts';

/** JSON of an API that is not typed here, and places of it. */
// oxlint-disable-next-line typescript/no-explicit-any -- with `unknown` every part of a path would need a cast
type Untyped = any;

/**
 * A place of a JSON API, used like an object of the program:
 *
 * ```ts
 * const bridge = resource('http://192.168.1.20/api/USER');
 * await bridge.lights();                       // GET  …/lights
 * await bridge.lights[1].state({ on: true });  // PUT  …/lights/1/state  {"on": true}
 * await bridge.groups({ lights: ['1'] }, { method: 'POST' });
 * await bridge.config.whitelist[user](undefined, { method: 'DELETE' });
 * ```
 *
 * Properties and indexes build the path; each is one part of it and is encoded. A call without arguments reads, one
 * with a body writes. Three names are no parts, so that a place can be awaited, logged and put into JSON without being
 * asked: `then`, `toJSON` and symbols; {@link below} reaches parts that are called so. As text a place is its address.
 */
export interface Resource {
  /** GET, or `method` of the options. @throws ResourceError, PorchlightError, what `fetch` throws */
  (body?: undefined, options?: RequestOptions): Promise<Untyped>;
  /** PUT, or `method` of the options. The body is sent as JSON. */
  (body: unknown, options?: RequestOptions): Promise<Untyped>;
  readonly [part: string | number]: Untyped;
  // What every function has of these is hidden: here they are parts like others.
  readonly name: Resource;
  readonly length: Resource;
  readonly call: Resource;
  readonly apply: Resource;
  readonly bind: Resource;
  readonly arguments: Resource;
  readonly caller: Resource;
  readonly prototype: Resource;
  readonly constructor: Untyped;
  readonly toString: Untyped;
}

export interface RequestOptions {
  /** E.g. `POST`, `DELETE`. */
  readonly method?: string | undefined;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Ends the request; without it there is a limit of a minute. */
  readonly signal?: AbortSignal | undefined;
}

/** What else a resource is made with: `fetch` of a device's service, `headers`, `errorOf` for another kind of errors. */
export type ResourceOptions = Partial<Exchange>;

/**
 * The place of a JSON API at `base`: an address, or a path such as `/api` when the `fetch` of the options takes one.
 * @throws TypeError for a base with a query, a fragment or a password
 */
export function resource(base: string | URL, options: ResourceOptions = {}): Resource {
  return place(parseBase(base), [], createExchange(options));
}

/** The place that is `parts` below another, whatever they are called. @throws TypeError */
export function below(at: Resource, ...parts: readonly (string | number)[]): Resource {
  const step = steps.get(at);
  if (step === undefined) throw new TypeError('This is no resource');
  return step(parts);
}

/** How to go on from each place; not a property of it, for all names are the API's. */
const steps = new WeakMap<object, (parts: readonly (string | number)[]) => Resource>();

function place(base: string, parts: readonly string[], by: Exchange): Resource {
  const url = parts.length === 0 ? base : `${base}/${parts.join('/')}`;
  const ask = async (body?: unknown, { method, query, signal }: RequestOptions = {}): Promise<unknown> =>
    exchange(by, {
      url: (url === '' ? '/' : url) + queryText(query),
      method: methodOf(method, body),
      body,
      signal,
    });
  const step = (more: readonly (string | number)[]): Resource =>
    place(
      base,
      more.reduce((path: readonly string[], part) => withPart(path, part), parts),
      by,
    );
  const proxy = new Proxy(ask, {
    get(_target, name) {
      if (name === Symbol.toPrimitive) return () => url;
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
      return step([name]);
    },
    set(_target, name) {
      throw new TypeError(`Write by a call: …${String(name)}(value)`);
    },
    deleteProperty(_target, name) {
      throw new TypeError(`Delete by a call: …${String(name)}(undefined, { method: 'DELETE' })`);
    },
  }) as unknown as Resource;
  steps.set(proxy, step);
  return proxy;
}

/** @throws TypeError */
function methodOf(method: string | undefined, body: unknown): string {
  if (method === undefined) return body === undefined ? 'GET' : 'PUT';
  // Fetch puts only some methods into capitals, and servers know no others.
  if (!/^[A-Z]{1,20}$/.test(method)) throw new TypeError('Write the method in capitals, e.g. POST');
  return method;
}

function queryText(query: RequestOptions['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
