import { randomBytes } from 'node:crypto';
import mqtt from 'mqtt';
import type { BaseStationSettings } from '../../config/index.ts';
import { ConfigError, readTextFile, replaceFile, systemErrorCode } from '../../config/index.ts';
import type { Logger } from '../../log/index.ts';
import type { LanMessage } from '../broker/index.ts';
import type { BrokerSide } from '../broker-side.ts';
import { ITERATIONS, type LanDevices, mosquittoHash } from '../devices/index.ts';
import type { BaseStationUsers } from '../users/index.ts';
import { aclFile, OWN_USER, passwordFile } from './files.ts';
import { reloadMosquitto } from './reload.ts';

/** Mosquitto reads them as a user of its own, which is in the group of the files. */
const MODE = 0o640;
const RECONNECT_MS = 5_000;
const CA_MAX = 64 * 1024;
const OWN_PASSWORD_BYTES = 24;

export interface MosquittoParts {
  readonly settings: BaseStationSettings;
  readonly mosquitto: NonNullable<BaseStationSettings['mosquitto']>;
  readonly devices: LanDevices;
  readonly users: BaseStationUsers;
  readonly logger: Logger;
  onMessage(message: LanMessage): void;
}

/**
 * A mosquitto that is there already in place of a broker of our own: writes its password file and its ACL file, and makes
 * it read them again at each change. Who is revoked is ended by mosquitto when it does.
 * @throws ConfigError: files cannot be written, or mosquitto cannot be reached
 */
export async function openMosquitto(parts: MosquittoParts): Promise<BrokerSide> {
  const { settings, mosquitto, devices, users, logger } = parts;
  const { baseTopic } = settings;
  const password = randomBytes(OWN_PASSWORD_BYTES).toString('base64url');
  const ownHash = mosquittoHash(password, ITERATIONS.random);
  let last = Promise.resolve();

  async function write(): Promise<void> {
    const accounts = { devices: devices.list(), users: users.list(), baseTopic, ownHash };
    await replace(mosquitto.passwordFile, passwordFile(accounts));
    await replace(mosquitto.aclFile, aclFile(accounts));
  }
  /** One after the other; a failure is told, and the next change tries anew. */
  const review = (): void => {
    last = last.then(write).then(reload).catch(tell);
  };
  const reload = () => reloadMosquitto(mosquitto.reload);
  const tell = (error: unknown): void => {
    const fields = error instanceof ConfigError ? { reason: error.message } : { error };
    logger.error(fields, 'mosquitto has not taken the devices over');
  };

  const port = settings.mqtt === 'off' ? undefined : settings.mqtt.port;
  const secure = settings.mqtts === 'off' || mosquitto.ca === undefined ? undefined : settings.mqtts.port;
  const ca = mosquitto.ca === undefined ? undefined : await readAuthority(mosquitto.ca);
  await write();
  // One that starts later reads them by itself.
  await reload().catch(tell);
  const host = settings.mqtt === 'off' || settings.mqtt.host === '0.0.0.0' ? '127.0.0.1' : settings.mqtt.host;
  const tap =
    port === undefined
      ? undefined
      : mqtt.connect({
          ...{ host, port, username: OWN_USER, password, reconnectPeriod: RECONNECT_MS },
          clientId: `${OWN_USER}_${randomBytes(4).toString('hex')}`,
        });
  let trouble: string | undefined;
  tap?.on('error', (error) => {
    if (error.message !== trouble) logger.warn({ reason: error.message }, 'mosquitto cannot be heard');
    trouble = error.message;
  });
  tap?.on('connect', () => {
    trouble = undefined;
    tap.subscribe(`${baseTopic}/#`, (error) => {
      if (error) logger.warn({ reason: error.message }, 'mosquitto cannot be heard');
    });
  });
  tap?.on('message', (topic, payload, { retain }) => {
    const device = devices.list().find(({ node, revokedAt }) => {
      return node !== undefined && revokedAt === undefined && topic.startsWith(`${baseTopic}/${node}/`);
    });
    // What a program says to a device is not told apart from what the device says; neither is what is retained new.
    if (device === undefined || retain) return;
    parts.onMessage({ who: { kind: 'device', device }, address: '', clientId: '', topic, payload });
  });
  return {
    ports: { mqtt: port, mqtts: secure },
    ca,
    isOwn: false,
    connections: () => [],
    review,
    async close() {
      await last;
      await tap?.endAsync(true);
    },
  };
}

async function replace(path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text, MODE);
  } catch (error) {
    const code = systemErrorCode(error) || String(error);
    throw new ConfigError(
      `${path} cannot be written (${code}): let the agent's user write in that folder, or correct baseStation.mosquitto`,
      { cause: error },
    );
  }
}

async function readAuthority(path: string): Promise<string> {
  try {
    return (await readTextFile(path, CA_MAX)).text;
  } catch (error) {
    throw new ConfigError(
      `${path} cannot be read (${systemErrorCode(error)}): correct baseStation.mosquitto.ca`,
      {
        cause: error,
      },
    );
  }
}
