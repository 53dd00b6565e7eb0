import { join } from 'node:path';
import { compilePolicy, POLICY_BYTES_MAX } from '@porchlight/protocol/policy';
import { ConfigError, readTextFile, replaceFile, systemErrorCode } from '../config/index.ts';
import { parseSecrets, SECRETS_BYTES_MAX } from './secrets-file.ts';

/** The policy as it is on the disk; empty when there is none. @throws ConfigError */
export async function readPolicyText(dataFolder: string): Promise<string> {
  return (await optional(join(dataFolder, 'policy'), POLICY_BYTES_MAX))?.text ?? '';
}

/**
 * Puts a policy in the place of the one that is there, if it can be used with the secrets of this device.
 * @throws ConfigError that names the first mistake; nothing has changed then
 */
export async function savePolicy(dataFolder: string, text: string): Promise<void> {
  const bytes = Buffer.byteLength(text);
  if (bytes > POLICY_BYTES_MAX) {
    throw new ConfigError(`not saved: a policy has ${POLICY_BYTES_MAX} bytes at most, this one ${bytes}`);
  }
  const secretsPath = join(dataFolder, 'secrets');
  const secretsFile = await optional(secretsPath, SECRETS_BYTES_MAX);
  const secrets = secretsFile === undefined ? undefined : parseSecrets(secretsPath, secretsFile);
  const [problem] = compilePolicy(text, (name) => secrets?.get(name)?.reveal()).errors ?? [];
  if (problem !== undefined) {
    throw new ConfigError(`not saved: line ${problem.line}: ${problem.message}. ${problem.hint}`);
  }
  await replaceFile(join(dataFolder, 'policy'), text, 0o600);
}

async function optional(path: string, max: number) {
  try {
    return await readTextFile(path, max);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read (${code || String(error)}): ask as the agent's user`, {
      cause: error,
    });
  }
}
