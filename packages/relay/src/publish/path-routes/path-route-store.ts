/** A service that is published under a path. */
export interface PathRouteRecord {
  readonly id: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly service: string;
  /** E.g. `/zumi01`; unique on the relay. */
  readonly prefix: string;
  /** The device gets the path without the prefix. */
  readonly strip: boolean;
  readonly createdAt: number;
}

/**
 * Keeps path routes. The first segment of a prefix, whatever its letters' case, belongs to the account that had it
 * first, until that account is gone: nobody gets a prefix below another's, or one that another had. What is asked for
 * people is confined to one account; `byPrefixes` serves the publisher.
 */
export interface PathRouteStore {
  /**
   * @param segmentsMax first segments that one account may hold, used ones included
   * @throws PorchlightError `name_taken` (by another account, or a route that is there), `conflict` (too many segments),
   * `not_found` (the device is gone)
   */
  insert(route: PathRouteRecord, segmentsMax: number): Promise<void>;
  /** Those of the prefixes that are published, in any order. */
  byPrefixes(prefixes: readonly string[]): Promise<PathRouteRecord[]>;
  byId(accountId: string, id: string): Promise<PathRouteRecord | undefined>;
  /** In order of prefix. */
  ofDevices(accountId: string, deviceIds: readonly string[]): Promise<PathRouteRecord[]>;
  /** All of the relay, in order of prefix; for whoever has the server. */
  all(): Promise<PathRouteRecord[]>;
  count(accountId: string): Promise<number>;
  setStrip(accountId: string, id: string, strip: boolean): Promise<boolean>;
  remove(accountId: string, id: string): Promise<boolean>;
}
