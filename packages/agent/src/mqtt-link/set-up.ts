import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AgentConfigFile,
  ConfigError,
  checkMqttSettings,
  type MqttSettings,
  prepareDataFolder,
  readAuthority,
  readPassword,
  replaceFile,
  Secret,
} from '../config/index.ts';
import type { Broker } from './broker.ts';

const PASSWORD_FILE = 'mqtt-password';
const AUTHORITY_FILE = 'mqtt-ca.pem';

/**
 * The address of a broker in what a person typed: `mqtts://relay.example`, the relay alone, or its address for web
 * pages, which means MQTT inside a WebSocket there.
 * @throws ConfigError
 */
export function parseBrokerUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `mqtts://${text}`);
  if (url === null || url.hostname === '') {
    throw new ConfigError(
      `"${text}" is no address of a relay for MQTT: give it as mqtts://relay.example.net`,
    );
  }
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    return `${url.protocol === 'https:' ? 'wss' : 'ws'}://${url.host}/mqtt`;
  }
  const bare = url.pathname === '' || url.pathname === '/';
  const path = url.protocol === 'wss:' || url.protocol === 'ws:' ? '/mqtt' : '';
  return bare && url.search === '' && url.username === '' ? `${url.protocol}//${url.host}${path}` : text;
}

export interface BrokerFiles {
  /** As a person typed it. */
  readonly url: string;
  /** The device's name at the relay. */
  readonly user: string;
  readonly passwordFile: string;
  readonly caFile: string | undefined;
}

/** A broker whose password and authority are in files. @throws ConfigError */
export async function readBroker({ url, user, passwordFile, caFile }: BrokerFiles): Promise<Broker> {
  const password = await readPassword(passwordFile);
  const ca = caFile === undefined ? undefined : await readAuthority(caFile);
  return checkedBroker({ url: parseBrokerUrl(url), user, password, ca });
}

/** @throws ConfigError when address or user cannot be used */
function checkedBroker(broker: Broker): Broker {
  checkMqttSettings({ url: broker.url, user: broker.user, passwordFile: PASSWORD_FILE });
  return broker;
}

/** A broker as a form names it: what is not given is what is kept, but never for somewhere else. */
export interface BrokerWish {
  readonly url: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly ca: string | undefined;
}

/** @throws ConfigError when something is missing, or cannot be used */
export async function wishedBroker(dataFolder: string, wish: BrokerWish): Promise<Broker> {
  const { mqtt } = await new AgentConfigFile(dataFolder).read();
  const kept = mqtt === undefined ? undefined : await readKeptBroker(dataFolder, mqtt);
  const url = parseBrokerUrl(wish.url);
  const { user } = wish;
  const same = kept?.url === url && kept.user === user;
  const password = wish.password !== undefined ? new Secret(wish.password) : same ? kept.password : undefined;
  if (password === undefined) {
    throw new ConfigError(
      kept === undefined
        ? 'the password is missing: it is made on the page of the device at the relay'
        : 'the password is missing: the one that is kept is for another address or user',
    );
  }
  const sameHost = kept !== undefined && new URL(kept.url).hostname === new URL(url).hostname;
  return checkedBroker({ url, user, password, ca: wish.ca ?? (sameHost ? kept.ca : undefined) });
}

/** The broker that stands in `agent.yaml`. @throws ConfigError when a file of it cannot be read */
export async function readKeptBroker(dataFolder: string, settings: MqttSettings): Promise<Broker> {
  const { url, user, passwordFile, ca } = settings;
  return {
    ...{ url, user },
    password: await readPassword(join(dataFolder, passwordFile)),
    ca: ca === undefined ? undefined : await readAuthority(join(dataFolder, ca)),
  };
}

/** Makes the agent link by MQTT alone when it starts next; password and authority are kept in the data folder. @throws ConfigError */
export async function linkViaMqtt(dataFolder: string, broker: Broker): Promise<MqttSettings> {
  const { url, user, password, ca } = checkedBroker(broker);
  await prepareDataFolder(dataFolder);
  await replaceFile(join(dataFolder, PASSWORD_FILE), `${password.reveal()}\n`, 0o600);
  if (ca !== undefined) await replaceFile(join(dataFolder, AUTHORITY_FILE), ca, 0o600);
  const settings = {
    ...{ url, user, passwordFile: PASSWORD_FILE },
    ...(ca === undefined ? {} : { ca: AUTHORITY_FILE }),
  };
  await new AgentConfigFile(dataFolder).setMqtt(settings);
  return settings;
}

/** Makes the agent link as `relay` says when it starts next, and forgets the password. @throws ConfigError */
export async function leaveMqtt(dataFolder: string): Promise<void> {
  await new AgentConfigFile(dataFolder).setMqtt(undefined);
  for (const file of [PASSWORD_FILE, AUTHORITY_FILE]) await rm(join(dataFolder, file), { force: true });
}
