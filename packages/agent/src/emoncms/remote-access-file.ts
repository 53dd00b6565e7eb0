import { z } from 'zod';
import { ConfigError, readTextFile, Secret } from '../config/index.ts';
import { type AccessList, DEFAULT_ACCESS_LIST, parseAccessList } from './access-list.ts';

const FILE_MAX = 64 * 1024;

const text = z.string().max(4096);
const shape = z.looseObject({
  ACCESS_CONTROL: z.unknown().optional(),
  APIKEY_READ: text.optional(),
  APIKEY_WRITE: text.optional(),
  MQTT_HOST: text.optional(),
  MQTT_USERNAME: text.optional(),
  MQTT_PASSWORD: text.optional(),
  MQTT_PORT: z.union([z.number().int(), text]).optional(),
});

/** What a set-up of the original remote-access client says (`remoteaccess.json`). */
export interface RemoteAccess {
  readonly accessList: AccessList;
  readonly readKey: Secret | undefined;
  readonly writeKey: Secret | undefined;
  /** Where it has served requests until now. */
  readonly mqtt: { readonly host: string; readonly username: string; readonly password: Secret } | undefined;
}

/** Reads `remoteaccess.json` of the original client. @throws ConfigError */
export async function readRemoteAccess(path: string): Promise<RemoteAccess> {
  let file: string;
  try {
    file = (await readTextFile(path, FILE_MAX)).text;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read: check the name and its permissions`, { cause: error });
  }
  return parseRemoteAccess(file, path);
}

/** @param path for messages, which never show what the file says. @throws ConfigError */
export function parseRemoteAccess(file: string, path: string): RemoteAccess {
  let json: unknown;
  try {
    json = JSON.parse(file);
  } catch {
    throw new ConfigError(
      `${path} is not JSON: give the remoteaccess.json of the emoncms remote-access client`,
    );
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new ConfigError(`${path}: ${at === '' ? 'it is no object' : `${at} has no value that fits`}`);
  }
  const { ACCESS_CONTROL, MQTT_HOST: host, MQTT_USERNAME: username, MQTT_PASSWORD: password } = parsed.data;
  return {
    accessList: ACCESS_CONTROL === undefined ? DEFAULT_ACCESS_LIST : parseAccessList(ACCESS_CONTROL),
    readKey: keyOf(parsed.data.APIKEY_READ, `${path}: APIKEY_READ`),
    writeKey: keyOf(parsed.data.APIKEY_WRITE, `${path}: APIKEY_WRITE`),
    mqtt: host && username && password ? { host, username, password: new Secret(password) } : undefined,
  };
}

/** An API key of emoncms: 32 hexadecimal digits; others are taken too, if they are plain. @throws ConfigError */
export function keyOf(value: string | undefined, where: string): Secret | undefined {
  const key = value?.trim() ?? '';
  if (key === '') return undefined;
  if (!/^[\x21-\x7e]{8,256}$/.test(key)) {
    throw new ConfigError(`${where} is no API key: take it from the page "My account" of emoncms`);
  }
  return new Secret(key);
}
