export { type Audit, AuditLog } from './audit-log.ts';
export type { AuditStore, NewAuditEntry } from './audit-store.ts';
