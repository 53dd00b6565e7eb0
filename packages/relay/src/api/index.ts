export { type Api, createApi, isApiPath } from './create-api.ts';
export type { ApiDeps, RelayFacts } from './deps.ts';
export { deviceView } from './device-view.ts';
export { healthView } from './health-view.ts';
