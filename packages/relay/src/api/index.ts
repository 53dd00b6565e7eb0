export { type Api, createApi, isApiPath } from './create-api.ts';
export type { RelayFacts } from './deps.ts';
