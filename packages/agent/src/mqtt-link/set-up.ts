import { join } from 'node:path';
import {
  AgentConfigFile,
  type MqttSettings,
  prepareDataFolder,
  readAuthority,
  readPassword,
  replaceFile,
} from '../config/index.ts';

const PASSWORD_FILE = 'mqtt-password';
const AUTHORITY_FILE = 'mqtt-ca.pem';

export interface ViaMqtt {
  readonly dataFolder: string;
  readonly url: string;
  /** The device's name at the relay. */
  readonly user: string;
  /** Copied into the data folder, as is `caFile`. */
  readonly passwordFile: string;
  readonly caFile: string | undefined;
}

/** Makes the agent link by MQTT alone when it starts next. @throws ConfigError */
export async function linkViaMqtt(wish: ViaMqtt): Promise<MqttSettings> {
  const { dataFolder, url, user } = wish;
  const password = await readPassword(wish.passwordFile);
  const ca = wish.caFile === undefined ? undefined : await readAuthority(wish.caFile);
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
