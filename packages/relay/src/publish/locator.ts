import { PorchlightError, parseRequestPath, prefixSegments, type RequestPath } from '@porchlight/protocol';
import { isBarePrefix, type PathTable, withoutPrefix } from './path-routes/index.ts';
import type { Route, RouteTable } from './routes.ts';

/** A route by path, for one request. */
export interface Under {
  /** E.g. `/zumi01`. */
  readonly prefix: string;
  readonly strip: boolean;
  /** Request target as the device gets it. */
  readonly target: string;
  /** The prefix itself was asked for, where its page is at `<prefix>/`. */
  readonly bare: boolean;
}

/** Where a request goes; `under` for one to the host for path routes. */
export interface Found extends Route {
  readonly under?: Under;
}

/** What a request names: a host of its own, or the host where paths do. */
interface Named {
  readonly device: string | undefined;
  readonly service: string | undefined;
}

/** Finds the route of a request, by its host or by its path. */
export class Locator {
  readonly #hosts: RouteTable;
  readonly #paths: PathTable;

  constructor(parts: { hosts: RouteTable; paths: PathTable }) {
    this.#hosts = parts.hosts;
    this.#paths = parts.paths;
  }

  /** The route, at once, when it is in memory; undefined: ask `resolve`. */
  cached(named: Named, target: string): Found | undefined {
    if (named.device !== undefined && named.service !== undefined) {
      return this.#hosts.cached(named.device, named.service);
    }
    const path = parseRequestPath(target);
    return path.ok ? under(this.#paths.cached(path), path, target) : undefined;
  }

  /** Undefined: there is nothing there. @throws PorchlightError `ambiguous_path`, before a path is matched */
  async resolve(named: Named, target: string): Promise<Found | undefined> {
    if (named.device !== undefined && named.service !== undefined) {
      return this.#hosts.resolve(named.device, named.service);
    }
    const path = parseRequestPath(target);
    if (!path.ok) throw new PorchlightError('ambiguous_path', `It is refused here: ${path.reason}`);
    return under(await this.#paths.resolve(path), path, target);
  }
}

function under(
  route: Awaited<ReturnType<PathTable['resolve']>>,
  path: RequestPath,
  target: string,
): Found | undefined {
  if (route === undefined) return undefined;
  const { device, service, prefix, strip } = route;
  const segments = prefixSegments(prefix).length;
  return {
    device,
    service,
    under: {
      prefix,
      strip,
      target: strip ? withoutPrefix(path, segments) : target,
      bare: isBarePrefix(path, segments),
    },
  };
}
