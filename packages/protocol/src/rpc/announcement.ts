import { z } from 'zod';
import { SERVICES_MAX } from '../control.ts';
import { isServiceName } from '../names.ts';
import { RPC_ANNOUNCEMENT_MAX, RPC_HEAD_MAX, RPC_PART_MAX, RPC_VERSION } from './limits.ts';

/** Fields that a device gets which does not name others: what a small program asks for. */
export const RPC_DEFAULT_HEADERS: readonly string[] = [
  'accept',
  'content-type',
  'content-length',
  'x-porchlight-person',
  'x-porchlight-role',
  'x-porchlight-probe',
];

const fieldName = z
  .string()
  .max(64)
  .regex(/^(?:\*|[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/, 'must be a header name, or "*" for all')
  .transform((name) => name.toLowerCase());

/** What a device says of itself on `device/<name>/rpc/services`. Unknown keys are for later versions. */
export const rpcAnnouncement = z.object({
  rpc: z.literal(RPC_VERSION).describe(`version of this contract: ${RPC_VERSION}`),
  services: z
    .array(z.string().refine(isServiceName, 'is no service name'))
    .max(SERVICES_MAX)
    .describe('names of its services: lower-case letters, digits and inner hyphens, 29 at most'),
  agent: z
    .string()
    .max(64)
    .regex(/^[\x20-\x7e]*$/)
    .default('')
    .describe('its program and version, for people'),
  max: z
    .number()
    .int()
    .min(256)
    .max(RPC_HEAD_MAX + RPC_PART_MAX)
    .default(2048)
    .describe('bytes of the longest message that it takes, topic not counted'),
  window: z
    .number()
    .int()
    .min(1)
    .max(32)
    .default(1)
    .describe('messages of one body that it takes before it has acknowledged any'),
  concurrent: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('requests that it works on at once; more wait at the relay'),
  timeout: z
    .number()
    .int()
    .min(500)
    .max(120_000)
    .default(10_000)
    .describe('ms that a visitor waits for its answer'),
  headers: z
    .array(fieldName)
    .max(64)
    .default([...RPC_DEFAULT_HEADERS])
    .describe('header fields of requests that it wants to see; `["*"]`: all'),
  paused: z.boolean().default(false).describe('somebody at the device has said that nobody gets in'),
});
export type RpcAnnouncement = z.output<typeof rpcAnnouncement>;

/** Reads an announcement. Empty: the device takes its announcement back, which is `undefined`. Never throws. */
export function parseAnnouncement(
  bytes: Uint8Array,
): { ok: true; announcement: RpcAnnouncement | undefined } | { ok: false; reason: string } {
  if (bytes.length === 0) return { ok: true, announcement: undefined };
  if (bytes.length > RPC_ANNOUNCEMENT_MAX) {
    return { ok: false, reason: `it is longer than ${RPC_ANNOUNCEMENT_MAX} bytes` };
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, reason: 'it is no JSON' };
  }
  const read = rpcAnnouncement.safeParse(json);
  if (read.success) return { ok: true, announcement: read.data };
  const [issue] = read.error.issues;
  return { ok: false, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}` };
}
