import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePolicy, POLICY_BYTES_MAX, type Policy } from '@porchlight/protocol/policy';
import { ConfigError, type FileText, readTextFile, systemErrorCode } from '../config/index.ts';
import { parseSecrets, SECRETS_BYTES_MAX } from './secrets-file.ts';

const WRITABLE_BY_ALL = 0o002;

/** What was found on the disk. `policy` undefined: it may not be used, `errors` say why. */
export interface LoadedPolicy {
  readonly policy: Policy | undefined;
  readonly errors: readonly string[];
  /** There is a policy file at all. */
  readonly present: boolean;
}

/** The files `policy` and `secrets` in the data folder. */
export class PolicyFiles {
  readonly #policy: string;
  readonly #secrets: string;

  constructor(dataFolder: string) {
    this.#policy = join(dataFolder, 'policy');
    this.#secrets = join(dataFolder, 'secrets');
  }

  /** Changes whenever either file is written, replaced, removed, or its permissions change. Never throws. */
  async signature(): Promise<string> {
    const parts = await Promise.all([signatureOf(this.#policy), signatureOf(this.#secrets)]);
    return parts.join(' ');
  }

  /** Reads and compiles both. A missing file is as an empty one. Never throws. */
  async load(): Promise<LoadedPolicy> {
    let present = true;
    try {
      const file = await optional(this.#policy, POLICY_BYTES_MAX);
      present = file !== undefined;
      if (file !== undefined && (file.mode & WRITABLE_BY_ALL) !== 0) {
        throw new ConfigError(`everybody may write to ${this.#policy}: chmod 644 ${this.#policy}`);
      }
      const secretsFile = await optional(this.#secrets, SECRETS_BYTES_MAX);
      const secrets = secretsFile === undefined ? undefined : parseSecrets(this.#secrets, secretsFile);
      const result = compilePolicy(file?.text ?? '', (name) => secrets?.get(name)?.reveal());
      if (result.policy !== undefined) return { policy: result.policy, errors: [], present };
      const errors = result.errors.map(
        ({ line, column, message, hint }) =>
          `${this.#policy} line ${line}, column ${column}: ${message}. ${hint}`,
      );
      return { policy: undefined, errors, present };
    } catch (error) {
      // Whatever it is, it must not open the device or end the agent.
      const reason =
        error instanceof ConfigError ? error.message : `the policy cannot be used: ${String(error)}`;
      return { policy: undefined, errors: [reason], present };
    }
  }
}

async function optional(path: string, max: number): Promise<FileText | undefined> {
  try {
    return await readTextFile(path, max);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read (${code || String(error)}): give it to the agent's user`, {
      cause: error,
    });
  }
}

async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return systemErrorCode(error) || 'unknown';
  }
}
