import type { Decision, PolicyRequest } from '@porchlight/protocol/policy';

/** The device's own say over every request. */
export interface Gate {
  /** Nothing is let through while this is true. */
  readonly paused: boolean;
  decide(request: PolicyRequest): Decision;
  decideConnection(service: string): Decision;
}

/** What is written to the device's own audit log. */
export interface AccessNote {
  readonly service: string;
  readonly kind: 'allow' | 'deny';
  readonly person: string | undefined;
  /** Line of the policy file that decided; undefined: no rule was involved. */
  readonly rule: number | undefined;
  readonly reason?: string;
}
