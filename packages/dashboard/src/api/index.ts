export { type AuditFilter, api, type Page } from './calls.ts';
export { keys } from './keys.ts';
export { ApiError } from './request.ts';
