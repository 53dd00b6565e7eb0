import { createPublicKey } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { type BaseStationSettings, ConfigError } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { createEmonEspRoute } from './adapters/emonesp/index.ts';
import { type LanDevice, LanDevices, type MadeCredentials } from './devices/index.ts';
import { openBaseStationKey } from './identity.ts';
import { type Handover, LanJoins } from './join/index.ts';
import { type LanCall, openLanHttp } from './lan-http/index.ts';
import { hardwareAddressOf } from './neighbours.ts';
import { LanRequests } from './requests/index.ts';

export interface BaseStationParts {
  readonly dataFolder: string;
  readonly settings: BaseStationSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a person sent this, with the settings page's password. */
  isPerson(call: LanCall): Promise<boolean>;
  /** A request came, was answered or went; a device was let in or changed. */
  onChange(): void;
}

export type BaseStation = Awaited<ReturnType<typeof openBaseStation>>;

/**
 * The LAN side of an agent: lets in and supplies the WiFi devices around it. Everything of it is put together here.
 * @throws ConfigError: one line that names the cause and the mend
 */
export async function openBaseStation(parts: BaseStationParts) {
  const { dataFolder, settings, clock, logger, onChange } = parts;
  const ends: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const identity = await openBaseStationKey(dataFolder);
    const requests = await LanRequests.open({ dataFolder, clock, onChange });
    const devices = await LanDevices.open(dataFolder, () => onChange());
    const joins = new LanJoins({ requests, identity, clock, logger, hardwareAddressOf });
    const ports = {
      mqtt: settings.mqtt === 'off' ? undefined : settings.mqtt.port,
      mqtts: settings.mqtts === 'off' ? undefined : settings.mqtts.port,
    };

    /** Lets a waiting device in under that name. @throws ConfigError */
    async function allow(id: string, wish: { name?: string | undefined } = {}): Promise<void> {
      const request = requests.waiting(id);
      if (request === undefined) {
        throw new ConfigError('there is no such request any more: it asks again if it is there');
      }
      const name = wish.name ?? request.name;
      if (request.way === 'emonesp') {
        await requests.allow(id, { name });
        return;
      }
      const key = request.asker.slice('key '.length);
      const { address, mac } = request;
      const at = clock.now();
      const made = await devices.add({ name, way: 'porchlight', key, mac, address, node: undefined, at });
      const node = made.device.username;
      await devices.claimNode(made.device.id, node);
      const secret = joins.seal(request, (host) => handoverFor(made, host));
      if (secret === undefined) {
        await devices.revoke(made.device.id, at);
        throw new ConfigError('the device has begun anew meanwhile: compare its new code');
      }
      await requests.allow(id, { name: made.device.name, ...secret });
    }

    function handoverFor({ device, password }: MadeCredentials, host: string): Handover {
      return {
        ...{ username: device.username, password, host },
        ...(ports.mqtt === undefined ? {} : { mqtt: ports.mqtt }),
        topics: `${settings.baseTopic}/${device.node ?? device.username}/`,
      };
    }

    const emonesp = createEmonEspRoute({
      ...{ requests, devices, baseTopic: settings.baseTopic, mqttPort: ports.mqtt ?? 1883, logger },
      hardwareAddressOf,
      isPerson: (call) => parts.isPerson(call),
      onLook: () => undefined,
      allow: (id) => allow(id),
      now: () => clock.now(),
    });
    const routes = settings.emonesp && ports.mqtt !== undefined ? [joins.route, emonesp] : [joins.route];
    const http =
      settings.http === 'off'
        ? undefined
        : await openLanHttp({ listen: settings.http, routes, clock, logger });
    ends.push(() => http?.close());
    const publicKey = createPublicKey(identity);
    logger.info({ http: http?.port }, 'base station open');
    return {
      requests,
      /** Each as it is now, without anything secret. */
      devices: (): readonly LanDevice[] => devices.list(),
      publicKey,
      httpPort: http?.port,
      allow,
      rotate: (id: string) => devices.rotate(id),
      revoke: (id: string) => devices.revoke(id, clock.now()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
