import {
  type AccessList,
  DEFAULT_ACCESS_LIST,
  installAccessList,
  keyOf,
  readTextFile,
  type Secret,
} from '@porchlight/agent';
import { print } from '../terminal/index.ts';

const KEY_FILE_MAX = 4096;

export interface EmoncmsFlags {
  readonly json?: boolean;
  readonly readKeyFile?: string;
  readonly writeKeyFile?: string;
}

/** Writes the access list of emoncms into the policy, and says what it came to. @throws ConfigError */
export async function installEmoncms(
  dataFolder: string,
  service: string,
  options: EmoncmsFlags,
  from: { accessList?: AccessList; readKey?: Secret | undefined; writeKey?: Secret | undefined } = {},
): Promise<void> {
  const done = await installAccessList({
    dataFolder,
    service,
    accessList: from.accessList ?? DEFAULT_ACCESS_LIST,
    readKey: (await keyIn(options.readKeyFile)) ?? from.readKey,
    writeKey: (await keyIn(options.writeKeyFile)) ?? from.writeKey,
  });
  if (options.json === true) return;
  print(`The policy lets ${done.allowed} parts of emoncms through, and nothing else.`);
  if (done.closed > 0)
    print(`${done.closed} that change something stay closed: name the write key with --write-key-file.`);
}

async function keyIn(file: string | undefined): Promise<Secret | undefined> {
  return file === undefined ? undefined : keyOf((await readTextFile(file, KEY_FILE_MAX)).text, file);
}
