import type { IncomingMessage } from 'node:http';
import { PorchlightError } from '@porchlight/protocol';
import { authorise, grantOf, type Identity, type Person, scopeOfVisit } from '../../access/index.ts';
import type { DeviceRecord, DeviceStore, HueBridge, ServiceRecord } from '../../devices/index.ts';

/** The bridge that a request is for, and whose it is. */
export interface FoundBridge {
  readonly person: Person;
  readonly device: DeviceRecord;
  readonly service: ServiceRecord;
}

/** Finds the one bridge that a program's access reaches. */
export class Bridges {
  readonly #devices: Pick<DeviceStore, 'byId'>;
  readonly #switchedOn: (accountId: string) => Promise<HueBridge[]>;

  /** @param switchedOn the account's services that are switched on for this */
  constructor(parts: {
    devices: Pick<DeviceStore, 'byId'>;
    switchedOn: (accountId: string) => Promise<HueBridge[]>;
  }) {
    this.#devices = parts.devices;
    this.#switchedOn = parts.switchedOn;
  }

  /** @throws PorchlightError `token_invalid`, `forbidden` (switched off; several), `scope_missing` */
  async find(identity: Identity, request: Pick<IncomingMessage, 'method' | 'headers'>): Promise<FoundBridge> {
    if (identity.kind !== 'access-token') throw new PorchlightError('token_invalid');
    const grant = grantOf(identity);
    const all = await this.#switchedOn(identity.accountId);
    const reached = all.filter(({ deviceId, service }) => {
      const services = grant?.devices?.get(deviceId);
      return (
        grant?.devices === undefined || (grant.devices.has(deviceId) && services?.has(service) !== false)
      );
    });
    const [bridge, another] = reached;
    if (bridge === undefined) {
      const words =
        'Out of home control is switched off for the bridge: its owner switches it on in the console';
      throw new PorchlightError('forbidden', words);
    }
    if (another !== undefined) {
      const words = 'This access reaches several bridges: sign in again and choose one';
      throw new PorchlightError('forbidden', words);
    }
    const { deviceId, service: name } = bridge;
    const action = scopeOfVisit(request) === 'read' ? 'service:visit' : 'service:operate';
    const person = authorise(identity, action, { accountId: identity.accountId, deviceId, service: name });
    const device = await this.#devices.byId(identity.accountId, deviceId);
    const service = device?.services.find((one) => one.name === name);
    if (device === undefined || service === undefined) throw new PorchlightError('not_found');
    return { person, device, service };
  }
}
