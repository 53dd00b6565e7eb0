export { addressBelow, fieldsBelow, type PathPlace, REALM } from './answer-fields.ts';
export type { PathRouteRecord, PathRouteStore } from './path-route-store.ts';
export { type PathRouteChanger, PathRoutes } from './path-routes.ts';
export { PathTable } from './path-table.ts';
export { isBarePrefix, isBelow, withoutPrefix } from './prefix-path.ts';
export { isConsolePath } from './reserved.ts';
