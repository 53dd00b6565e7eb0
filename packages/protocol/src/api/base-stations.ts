import { z } from 'zod';
import {
  lanDevice as heardDevice,
  lanInput as heardInput,
  lanRequest as heardRequest,
} from '../base-station.ts';
import { id } from './common.ts';

/** A WiFi device asks a base station to be let in. */
export const lanRequest = z.object({
  ...heardRequest.shape,
  /** The base station. */
  deviceId: id,
  deviceName: z.string(),
  /** False: only somebody at the base station may answer it. */
  answerable: z.boolean(),
});
export type LanRequest = z.infer<typeof lanRequest>;

/** Who asks a base station to be let in; not `here`: the device is no base station, or is offline. */
export const lanRequests = z.object({
  here: z.boolean(),
  items: z.array(lanRequest),
  /** How many more there are. */
  more: z.number().int(),
});
export type LanRequests = z.infer<typeof lanRequests>;

/** A WiFi device that a base station has let in. */
export const lanDevice = z.object(heardDevice.shape);
export type LanDevice = z.infer<typeof lanDevice>;

export const lanDevices = z.object({
  here: z.boolean(),
  items: z.array(lanDevice),
  more: z.number().int(),
});
export type LanDevices = z.infer<typeof lanDevices>;

/** What a base station's devices say, by topic. */
export const lanInput = z.object(heardInput.shape);
export type LanInput = z.infer<typeof lanInput>;

export const lanInputs = z.object({
  here: z.boolean(),
  items: z.array(lanInput),
  more: z.number().int(),
});
export type LanInputs = z.infer<typeof lanInputs>;

export const lanRequestParams = z.object({ id, request: z.string().max(64) });

const code = z.string().max(16).optional().describe('what was compared; needed where the request has one');

export const lanAllowance = z.strictObject({
  code,
  name: z.string().trim().min(1).max(64).optional().describe('by default what it wants to be called'),
});
export type LanAllowance = z.input<typeof lanAllowance>;
export const lanDenial = z.strictObject({ code });
export type LanDenial = z.input<typeof lanDenial>;
