import { z } from 'zod';

/** A WiFi device that asks to be let in. */
export interface LanRequest {
  readonly id: string;
  /** Who asks, as far as its way can tell: `key …`, or `address …`. One request each. */
  readonly asker: string;
  readonly way: 'porchlight' | 'emonesp';
  /** What it wants to be called, or what its address suggests. */
  readonly name: string;
  readonly address: string;
  /** Hardware address, where the system knows it. */
  readonly mac: string | undefined;
  /** What both ends show; `porchlight` only. */
  readonly code: string | undefined;
  readonly firstAskedAt: number;
  readonly askedAt: number;
  readonly times: number;
  readonly state: 'waiting' | 'allowed';
}

/** Somebody who was turned away, and is not heard until a person forgets it. */
export const denial = z.strictObject({
  id: z.string(),
  /** `key …`, `mac …` or `address …`: what is refused. */
  asker: z.string(),
  name: z.string(),
  address: z.string(),
  deniedAt: z.number(),
});
export type Denial = z.output<typeof denial>;

/** A person has said Allow, and the device has not fetched it yet. Survives a restart. */
export const allowance = z.strictObject({
  id: z.string(),
  asker: z.string(),
  way: z.enum(['porchlight', 'emonesp']),
  name: z.string(),
  address: z.string(),
  mac: z.string().optional(),
  firstAskedAt: z.number(),
  allowedAt: z.number(),
  /** base64url: what `porchlight` hands over, encrypted to the device's key. */
  sealed: z.string().optional(),
  /** SHA-256, hex, of the id under which the device fetches it; `porchlight` only. */
  ticket: z.string().optional(),
});
export type Allowance = z.output<typeof allowance>;
