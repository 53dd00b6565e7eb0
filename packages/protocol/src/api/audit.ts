import { z } from 'zod';
import { id, instant } from './common.ts';

/** What is written to the audit log. The part before the dot is the domain. */
export const auditAction = z.enum([
  'account.created',
  'account.removed',
  'account.role-changed',
  'account.password-changed',
  'session.started',
  'session.refused',
  'session.ended',
  'access-token.created',
  'access-token.revoked',
  'ssh-key.added',
  'ssh-key.removed',
  'mqtt-credential.created',
  'mqtt-credential.revoked',
  'app-password.created',
  'app-password.revoked',
  'device.joined',
  'device.enrolled',
  'device.kicked',
  'device.blocked',
  'device.unblocked',
  'device.interval-changed',
  'device.renamed',
  'device.tagged',
  'device.removed',
  'link.up',
  'link.down',
  'join-request.received',
  'join-request.allowed',
  'join-request.denied',
  'enrolment-token.created',
  'enrolment-token.used',
  'enrolment-token.revoked',
  'service.access-changed',
  'service.kind-changed',
  'service.users-changed',
  'service.passthrough-changed',
  'service.last-answers-changed',
  'path-route.added',
  'path-route.changed',
  'path-route.removed',
  'operator.connected',
  'operator.disconnected',
  'operator.refused',
  'operator.channel',
  'terminal.opened',
  'terminal.closed',
  'service.removed',
  'service.opened',
  'service.refused',
  'forward.requested',
  'forward.opened',
  'forward.closed',
  'relay.started',
]);
export type AuditAction = z.infer<typeof auditAction>;

export const auditEntry = z.object({
  id: z.number().int(),
  at: instant,
  /** Account name, or `device:<name>`, or `relay`. */
  actor: z.string(),
  action: auditAction,
  deviceId: id.optional(),
  /** Name of the device, account, token or service it is about. */
  target: z.string().optional(),
  address: z.string().optional(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  deviceId: id.optional(),
  action: auditAction.optional(),
  actor: z.string().max(64).optional(),
  since: z.coerce.number().int().optional(),
  until: z.coerce.number().int().optional(),
});
