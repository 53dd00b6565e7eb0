export { AuditLog, type AuditParts } from './audit-log.ts';
export type { AuditedRequest } from './window.ts';
