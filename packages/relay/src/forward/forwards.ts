import type { Forward } from '@porchlight/protocol/api';

/** Time-boxed TCP ports on the relay that lead to a `tcp` service of a device. */
export interface Forwards {
  list(accountId: string, deviceId: string): Forward[];
  /** @throws PorchlightError `device_offline`, `service_unknown`, `busy` (no port or too many) */
  open(
    by: { accountId: string; accountName: string; address: string },
    to: { deviceId: string; deviceName: string; service: string; minutes: number },
  ): Promise<Forward>;
  /** Ends it with its connections; false when the account has no such forward. */
  close(accountId: string, id: string): Promise<boolean>;
}
