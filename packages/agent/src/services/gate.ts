import type { Decision, PolicyRequest } from '@porchlight/protocol/policy';
import type { AuditedRequest } from '../audit/index.ts';

/** The device's own say over every request. */
export interface Gate {
  /** Nothing is let through while this is true. */
  readonly paused: boolean;
  decide(request: PolicyRequest): Decision;
  decideConnection(service: string): Decision;
}

/** The device's own audit log, as services write to it. */
export interface RequestAudit {
  request(request: AuditedRequest): void;
}
