import type { Clock } from '../clock.ts';
import type { BaseStationSettings } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { lanNames, openAuthority, ServerCertificate } from './authority/index.ts';
import { LanBroker, type LanConnection, type LanMessage, openBrokerPorts } from './broker/index.ts';
import type { LanDevices } from './devices/index.ts';
import type { BaseStationUsers } from './users/index.ts';

/** The machine's address may change at any time; a device that comes back looks for the new one meanwhile. */
const LOOK_AT_ADDRESSES_MS = 15_000;

/** The broker of the LAN, our own or a mosquitto. */
export interface BrokerSide {
  /** As devices are told; undefined: closed. */
  readonly ports: { readonly mqtt: number | undefined; readonly mqtts: number | undefined };
  /** PEM of the authority that devices pin for `mqtts`. */
  readonly ca: string | undefined;
  /** Ours: a device may name its node itself, and who is connected is known. */
  readonly isOwn: boolean;
  connections(): readonly LanConnection[];
  /** Credentials have changed: what was signed in with others ends. */
  review(): void;
  close(): Promise<void>;
}

export interface BrokerSideParts {
  readonly dataFolder: string;
  readonly settings: BaseStationSettings;
  readonly devices: LanDevices;
  readonly users: BaseStationUsers;
  readonly clock: Clock;
  readonly logger: Logger;
  onMessage(message: LanMessage): void;
}

/** @throws ConfigError: a port is taken, or mosquitto's files cannot be written */
export async function openBrokerSide(parts: BrokerSideParts): Promise<BrokerSide> {
  const { mosquitto } = parts.settings;
  if (mosquitto === undefined) return openOwnBroker(parts);
  // An MQTT client, three megabytes of memory, that others do not need.
  const { openMosquitto } = await import('./mosquitto/index.ts');
  return openMosquitto({ ...parts, mosquitto });
}

async function openOwnBroker(parts: BrokerSideParts): Promise<BrokerSide> {
  const { dataFolder, settings, clock, logger } = parts;
  const broker = await LanBroker.open({ ...parts, baseTopic: settings.baseTopic });
  try {
    const authority = await openAuthority(dataFolder, clock.now());
    // The name on the LAN, and what it becomes when somebody else has that.
    const names = [`${settings.hostName}.local`, `${settings.hostName}-2.local`];
    const certificate = await ServerCertificate.make(authority, () => lanNames(names));
    const open = await openBrokerPorts({
      mqtt: settings.mqtt === 'off' ? undefined : settings.mqtt,
      mqtts: settings.mqtts === 'off' ? undefined : settings.mqtts,
      certificate: certificate.pair,
      accept: (socket, from) => broker.accept(socket, from),
    });
    const cancelLook = clock.every(LOOK_AT_ADDRESSES_MS, () => {
      certificate.look().then(
        (isNew) => {
          if (!isNew) return;
          open.setCertificate(certificate.pair);
          logger.info({}, 'the addresses of this machine have changed: new certificate for the broker');
        },
        (error: unknown) => logger.error({ error }, 'no certificate for the new addresses'),
      );
    });
    return {
      ports: { mqtt: open.mqttPort, mqtts: open.mqttsPort },
      ca: open.mqttsPort === undefined ? undefined : authority.certificate,
      isOwn: true,
      connections: () => broker.connections(),
      review: () => broker.review(),
      async close() {
        cancelLook();
        await open.close();
        await broker.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}
