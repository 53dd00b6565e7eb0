import type { JoinRequest } from '@porchlight/protocol/api';
import type { DeviceRecord } from '../devices/device-store.ts';

/** The signed-in person who looks at or answers join requests. */
export interface JoinRequestViewer {
  readonly accountId: string;
  readonly accountName: string;
  readonly admin: boolean;
  readonly address: string;
}

/**
 * Pending join requests. One addressed to an account is that account's alone; one addressed to nobody is listed to
 * admins, and can be found by anyone signed in who knows the code that the device shows.
 */
export interface JoinRequests {
  list(viewer: JoinRequestViewer): JoinRequest[];
  findByCode(viewer: JoinRequestViewer, code: string): JoinRequest | undefined;
  /** Makes the device, of the viewer's account. @throws PorchlightError `not_found`, `expired`, `name_taken`, `conflict` */
  allow(
    viewer: JoinRequestViewer,
    requestId: string,
    as: { code: string; name: string; tags: readonly string[] },
  ): Promise<DeviceRecord>;
  /** @throws PorchlightError `not_found` */
  deny(viewer: JoinRequestViewer, requestId: string, code: string): Promise<void>;
}
