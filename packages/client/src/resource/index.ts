export type { Fetch } from './exchange.ts';
export { below, type RequestOptions, type Resource, type ResourceOptions, resource } from './resource.ts';
export { errorList, ResourceError, type ResourceProblem } from './resource-error.ts';
