export { AuditLog, type AuditParts } from './audit-log.ts';
export { type AuditEntry, type ReadAuditOptions, readAudit } from './read-audit.ts';
export type { AuditedRequest } from './window.ts';
