import { join } from 'node:path';
import { compilePolicy, POLICY_BYTES_MAX } from '@porchlight/protocol/policy';
import { ConfigError, readTextFile, replaceFile, type Secret, systemErrorCode } from '../config/index.ts';
import { parseSecrets, SECRETS_BYTES_MAX } from '../policy/index.ts';
import type { AccessList } from './access-list.ts';
import {
  accessListSection,
  READ_KEY,
  readAccessList,
  WRITE_KEY,
  type WrittenAccessList,
  withSection,
} from './policy-section.ts';

export interface EmoncmsSetup {
  readonly dataFolder: string;
  readonly service: string;
  readonly accessList: AccessList;
  /** Undefined: the one that is kept already. */
  readonly readKey: Secret | undefined;
  readonly writeKey: Secret | undefined;
  /** Close what needs the write key, though it is there. */
  readonly readOnly?: boolean;
}

/** What was put in place. */
export interface InstalledEmoncms {
  readonly allowed: number;
  /** Entries that are closed, because there is no write key or nothing shall be changed. */
  readonly closed: number;
}

/**
 * Writes the access list into the policy as the section of the service, and the local API keys into the secrets.
 * Everything else in both files stays. Without a write key what would need it stays closed.
 * @throws ConfigError: there is no read key, or a file is wrong as it is
 */
export async function installAccessList(setup: EmoncmsSetup): Promise<InstalledEmoncms> {
  const { dataFolder, service, accessList } = setup;
  const policyPath = join(dataFolder, 'policy');
  const secretsPath = join(dataFolder, 'secrets');
  const kept = await readKept(secretsPath);
  const given = [
    [READ_KEY, setup.readKey],
    [WRITE_KEY, setup.writeKey],
  ] as const;
  let secrets = kept.text;
  const names = new Set(kept.names);
  for (const [name, key] of given) {
    if (key === undefined) continue;
    secrets = withSecret(secrets, name, key);
    names.add(name);
  }
  if (!names.has(READ_KEY)) {
    throw new ConfigError(
      'the read key of emoncms is missing: put it into a file and name that with --read-key-file',
    );
  }
  const readOnly = setup.readOnly === true || !names.has(WRITE_KEY);
  const section = accessListSection(service, accessList, { readOnly });
  const policy = withSection((await textOf(policyPath, POLICY_BYTES_MAX)) ?? '', service, section);
  const [problem] = compilePolicy(policy, (name) => (names.has(name) ? 'secret' : undefined)).errors ?? [];
  if (problem !== undefined) {
    throw new ConfigError(`${policyPath} line ${problem.line}: ${problem.message}: mend that first`);
  }
  // The rules name the keys: those come first, so that no moment has a policy with unknown names.
  if (secrets !== kept.text) await replaceFile(secretsPath, secrets, 0o600);
  await replaceFile(policyPath, policy, 0o600);
  const writes = [...accessList.values()].filter((access) => access === 'write').length;
  const closed = readOnly ? writes : 0;
  return { allowed: accessList.size - closed, closed };
}

/** The access list that is in place for a service; undefined: there is none that was written here. */
export async function installedAccessList(
  dataFolder: string,
  service: string,
): Promise<WrittenAccessList | undefined> {
  const policy = await textOf(join(dataFolder, 'policy'), POLICY_BYTES_MAX);
  return policy === undefined ? undefined : readAccessList(policy, service);
}

async function readKept(path: string): Promise<{ text: string; names: Iterable<string> }> {
  try {
    const file = await readTextFile(path, SECRETS_BYTES_MAX);
    return { text: file.text, names: parseSecrets(path, file).keys() };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { text: '', names: [] };
    throw error;
  }
}

async function textOf(path: string, max: number): Promise<string | undefined> {
  try {
    return (await readTextFile(path, max)).text;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function withSecret(text: string, name: string, value: Secret): string {
  const line = `${name} = ${value.reveal()}`;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const at = lines.findIndex((one) => new RegExp(`^\\s*${name}\\s*=`).test(one));
  if (at < 0) lines.push(line);
  else lines[at] = line;
  return `${lines.join('\n')}\n`;
}
