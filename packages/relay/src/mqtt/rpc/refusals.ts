import type { ErrorCode } from '@porchlight/protocol';
import type { RpcRefusalCode } from '@porchlight/protocol/rpc';

/** What a device's refusal is to a visitor. */
export const REFUSALS = {
  denied: 'denied_by_device',
  paused: 'device_paused',
  unknown: 'service_unknown',
  unreachable: 'service_unreachable',
  too_large: 'too_large',
  busy: 'busy',
  timeout: 'device_timeout',
} as const satisfies Record<RpcRefusalCode, ErrorCode>;
